/** Counts from outside what a server holds on the machine for its Pods. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { allHierarchies } from './cgroups.ts';
import type { BenchServer } from './server.ts';

export interface Held {
  readonly pods: number;
  readonly runtimeStates: number;
  readonly exitFiles: number;
  readonly leases: number;
  readonly cgroups: number;
  readonly monitors: number;
  /** Beyond those that are held ready for the next Pods. */
  readonly namespaces: number;
}

const pollInterval = 10;
/** A pool of namespaces is no leak. */
const heldReady = 24;
const patience = 120_000;

export class Resources {
  readonly #cgroupRoots: readonly string[];

  constructor(readonly server: BenchServer) {
    this.#cgroupRoots = allHierarchies().map(({ mountpoint }) => mountpoint);
  }

  count(): Held {
    const { layout, prefix } = this.server;
    const cgroups = this.#cgroupRoots.flatMap((root) => folders(join(root, prefix)));
    return {
      pods: entries(layout.pods).length,
      runtimeStates: entries(layout.runtime).length,
      exitFiles: entries(layout.exits).length,
      leases: entries(join(layout.data, 'disks')).filter((name) => name.endsWith('.lease')).length,
      cgroups: cgroups.filter((name) => name !== 'monitors').length,
      monitors: this.server.monitors().length,
      namespaces: Math.max(0, entries('/run/netns').filter((name) => name.startsWith(prefix)).length - heldReady),
    };
  }

  /** Resolves when nothing is held any more that was not held before. */
  async released(before: Held): Promise<void> {
    const began = performance.now();
    for (;;) {
      const now = this.count();
      const more = Object.entries(now).filter(([name, count]) => count > before[name as keyof Held]);
      if (more.length === 0) return;
      if (performance.now() - began > patience) throw new Error(`not released: ${JSON.stringify(more)}`);
      await delay(pollInterval);
    }
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
