/** The files in which the kernel tells what a cgroup takes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hierarchies } from './hierarchies.ts';

/** @param path of the cgroup, relative to the hierarchies' roots */
export const fileV1 =
  (v1: Hierarchies['v1'], path: string) =>
  (controller: string, name: string): string | undefined => {
    const mountpoint = v1.find((hierarchy) => hierarchy.controllers.includes(controller))?.mountpoint;
    return mountpoint === undefined ? undefined : join(mountpoint, path, name);
  };

/** @param path of the cgroup, relative to the unified hierarchy's root */
export const fileV2 =
  (unified: Hierarchies['unified'], path: string) =>
  (name: string): string | undefined =>
    unified && join(unified.mountpoint, path, name);

/** Read at once: these files never wait for a disk, and a thread for each would take longer than all of them. */
export function read(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

export function numberOf(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

/** The value of `key` in a file of `key value` lines. */
export function field(text: string | undefined, key: string): number | undefined {
  return numberOf(
    text
      ?.split('\n')
      .find((line) => line.startsWith(`${key} `))
      ?.slice(key.length + 1),
  );
}
