/** Counts the processor time of everything that a program starts, by a cgroup of its own. */

import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hierarchies } from '../../src/node/cgroup/hierarchies.ts';
import { readHierarchies } from './cgroups.ts';
import type { Workspace } from './workspace.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

export class CpuAccount {
  readonly #mountpoint: string;
  readonly #version: 1 | 2;
  readonly #path: string;

  /** @param name of the cgroup, directly below the root */
  constructor(workspace: Workspace, name: string) {
    const hierarchies = readHierarchies();
    this.#version = hierarchies.version;
    this.#mountpoint = mountpointOf(hierarchies);
    this.#path = join(this.#mountpoint, name);
    mkdirSync(this.#path, { recursive: true });
    workspace.onEnd(() => removeCgroup(this.#path));
  }

  /** The argv that runs `argv` in the cgroup. */
  wrap(argv: readonly string[]): string[] {
    return ['/bin/sh', '-c', 'echo 0 >"$0" && exec "$@"', join(this.#path, 'cgroup.procs'), ...argv];
  }

  /** Milliseconds used so far in it and in the cgroup `beside` it, where the containers are. */
  used(beside: string): number {
    return this.#milliseconds(this.#path) + this.#milliseconds(join(this.#mountpoint, beside));
  }

  #milliseconds(path: string): number {
    try {
      if (this.#version === 1) return Number(read(join(path, 'cpuacct.usage'))) / 1e6;
      return Number(/^usage_usec (\d+)/m.exec(read(join(path, 'cpu.stat')))?.[1]) / 1e3;
    } catch {
      return 0;
    }
  }
}

function mountpointOf({ version, v1, unified }: Hierarchies): string {
  const found = version === 1 ? v1.find(({ controllers }) => controllers.includes('cpuacct')) : unified;
  if (found === undefined) throw new Error('no cgroups that count processor time');
  return found.mountpoint;
}

/** What was in it leaves it a moment after its end. */
async function removeCgroup(path: string): Promise<void> {
  for (let left = patience / step; ; left--) {
    try {
      return rmdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || left <= 0) throw error;
      await delay(step);
    }
  }
}

/** Milliseconds. */
const patience = 3000;
const step = 50;
