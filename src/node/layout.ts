/** Where the node keeps its files. */

import { statfsSync } from 'node:fs';
import { join } from 'node:path';

export interface Layout {
  /** Survives a reboot: images, layers, stacks, logs, the result of the runtime's check. */
  readonly data: string;
  readonly logs: string;
  readonly images: string;
  readonly layers: string;
  /** containers/storage's own: images of registries, archives and Dockerfiles. */
  readonly storage: string;
  readonly stacks: string;
  readonly builds: string;
  /** Layers that image builds go on with, per App. */
  readonly buildCaches: string;
  /** What claims of storage are given. */
  readonly volumes: string;
  /** Everything below here is gone after a reboot; it lies in memory wherever the machine allows it. */
  readonly volatile: string;
  /** `<uid>/`: bundles, secret volumes and state.json of a started Pod, mode 0700. */
  readonly pods: string;
  /** containers/storage's locks and mounts, and the configuration that its programs are given. */
  readonly runStorage: string;
  /** Short names of layers. */
  readonly links: string;
  /** Exit codes as conmon writes them; in memory, so that a full disk loses none. */
  readonly exits: string;
  /** The OCI runtime's `--root`. */
  readonly runtime: string;
  /** The root folder of image builds: who is root inside is nobody outside, and has to get to it. */
  readonly builderRoot: string;
}

const tmpfsMagic = 0x01021994;

function isTmpfs(path: string): boolean {
  try {
    return statfsSync(path).type === tmpfsMagic;
  } catch {
    return false;
  }
}

/**
 * `runDir` itself when it is in memory, else a folder of this instance in /dev/shm: secrets and exit codes must
 * not depend on a disk. Falls back to `runDir` on a machine without /dev/shm.
 */
export function volatileDirectory(runDir: string, instance: string): string {
  if (isTmpfs(runDir) || !isTmpfs('/dev/shm')) return runDir;
  return `/dev/shm/kf-${instance}`;
}

export function layoutOf(dataDir: string, runDir: string, instance: string): Layout {
  const volatile = volatileDirectory(runDir, instance);
  return {
    data: dataDir,
    logs: join(dataDir, 'logs'),
    images: join(dataDir, 'images'),
    layers: join(dataDir, 'layers'),
    storage: join(dataDir, 'storage'),
    stacks: join(dataDir, 'stacks'),
    builds: join(dataDir, 'builds'),
    buildCaches: join(dataDir, 'build-caches'),
    volumes: join(dataDir, 'volumes'),
    volatile,
    pods: join(volatile, 'pods'),
    runStorage: join(volatile, 'storage'),
    links: join(volatile, 'l'),
    exits: join(volatile, 'exits'),
    runtime: join(volatile, 'runtime'),
    builderRoot: join(volatile, 'builder-root'),
  };
}
