/** What the node agent needs of cgroups, the same for version 1, version 1 with a unified hierarchy, and version 2. */

import { readFileSync } from 'node:fs';
import { instancePrefix } from '../host/instance.ts';
import { CgroupTree } from './cgroup-tree.ts';
import { type Hierarchies, parseHierarchies } from './hierarchies.ts';
import { type PresentUsage, presentV1, presentV2 } from './present-usage.ts';
import { type CgroupUsage, readUsageV1, readUsageV2 } from './usage.ts';

/** Every `id` names a container's cgroup within the instance; `monitors` is taken. */
export interface Cgroups {
  readonly version: 1 | 2;
  /** Makes the instance's parent cgroups; call it once at start, repeating it is harmless. @throws Error with the fix */
  prepare(): Promise<void>;
  /** What belongs into the OCI bundle's `linux.cgroupsPath`. */
  containerPath(id: string): string;
  /** What it took from its beginning to its end. */
  usage(id: string): Promise<CgroupUsage>;
  /** What it takes right now; undefined when it is gone. */
  present(id: string): PresentUsage | undefined;
  /** Every process in it, cgroups below included; empty when it is gone. */
  pids(id: string): Promise<number[]>;
  /** With SIGKILL it comes back when no process is left, forks included. */
  killAll(id: string, signal: NodeJS.Signals): Promise<void>;
  /** Removes it from every hierarchy; fine when it is gone. @throws Error while processes are in it, after some patience */
  remove(id: string): Promise<void>;
  /**
   * Files to write a monitor's pid (or `0` by itself) into, so that it outlives the server's own cgroup.
   * Empty where the server is not in a cgroup of its own.
   */
  readonly monitorProcsFiles: readonly string[];
  /** Removes all cgroups of the instance, parents included. @throws Error while processes are in one */
  removeAll(): Promise<void>;
  /** Ids of the containers' cgroups that exist. */
  leftovers(): Promise<string[]>;
}

export interface CgroupOptions {
  readonly instance: string;
  /** Injected by tests. Default: what the kernel says of this process. */
  readonly hierarchies?: Hierarchies;
  /** How long killed processes may take to end. Default 2000. */
  readonly patienceMilliseconds?: number;
}

/** @throws Error when the machine has no cgroups mounted */
export function detectCgroups(options: CgroupOptions): Cgroups {
  const { instance, hierarchies = readHierarchies(), patienceMilliseconds = 2_000 } = options;
  const tree = new CgroupTree(hierarchies, instancePrefix(instance), patienceMilliseconds);
  return {
    version: hierarchies.version,
    prepare: () => tree.prepare(),
    containerPath: (id) => `/${tree.parent}/${id}`,
    usage: async (id) =>
      hierarchies.version === 1 ? readUsageV1(hierarchies, tree.path(id)) : readUsageV2(hierarchies, tree.path(id)),
    present: (id) => (hierarchies.version === 1 ? presentV1 : presentV2)(hierarchies, tree.path(id)),
    pids: (id) => tree.pids(id),
    killAll: (id, signal) => tree.killAll(id, signal),
    remove: (id) => tree.remove(id),
    monitorProcsFiles: tree.monitorProcsFiles,
    removeAll: () => tree.removeAll(),
    leftovers: () => tree.leftovers(),
  };
}

export function readHierarchies(): Hierarchies {
  return parseHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));
}
