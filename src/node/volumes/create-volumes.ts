/** What the node agent needs for volumes, made once. */

import { mkdirSync, realpathSync } from 'node:fs';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { vcapUser } from '../../resources/vcap.ts';
import type { DiskProvider } from '../disk/disk.ts';
import { runCommand } from '../host/run-command.ts';
import { layoutOf } from '../layout.ts';
import type { HostPathRules } from './host-paths.ts';
import { PodClaims } from './pod-claims.ts';
import { VolumeStore } from './volume-store.ts';

export interface NodeVolumesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly runDir: string;
  readonly instance: string;
  /** Tells whether this machine can limit the size of file systems. */
  readonly disk: DiskProvider;
  /** Directories of the host that may become volumes. Default: none. */
  readonly allowedHostPaths?: () => Promise<readonly string[]>;
}

export interface NodeVolumes {
  readonly store: VolumeStore;
  readonly claims: PodClaims;
  readonly hostPathRules: () => Promise<HostPathRules>;
}

export function createVolumes(options: NodeVolumesOptions): NodeVolumes {
  const { client, clock, dataDir, runDir, instance, disk, allowedHostPaths = async () => [] } = options;
  const layout = layoutOf(dataDir, runDir, instance);
  mkdirSync(layout.volumes, { recursive: true, mode: 0o700 });
  const store = new VolumeStore({
    // The kernel names mounts and loop devices by their real path.
    folder: realpathSync(layout.volumes),
    notEnforced: disk.kind === 'loop-pool' ? undefined : 'this machine cannot mount loop images',
    disk,
    owner: vcapUser,
    run: runCommand,
  });
  const own = [...new Set([layout.data, runDir, layout.volatile])];
  const hostPathRules = async (): Promise<HostPathRules> => ({ allowed: await allowedHostPaths(), own });
  return { store, hostPathRules, claims: new PodClaims({ client, clock, store, hostPathRules }) };
}
