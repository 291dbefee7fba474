/**
 * Whether the server's memory grows with the runs that have ended: with all of them stored, each costs its place in the
 * index; where the newest are kept, as pruners do, nothing may be left of the others.
 */

import { setTimeout } from 'node:timers/promises';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { parallel } from '../support/pair.ts';
import type { Figure, Row } from '../support/row.ts';
import { createTaskRun, taskRunWatch } from '../support/runs.ts';
import { BenchServer, space } from '../support/server.ts';
import type { Workspace } from '../support/workspace.ts';

export const runMemory: Row = {
  name: 'run-memory',
  what: 'memory (PSS of all processes kept running) after each fifth of 5,000 TaskRuns: the newest 500 kept; all kept',
  long: true,
  async run({ workspace, quick, progress }) {
    const total = quick ? 500 : 5000;
    const kept = await growth(workspace, total, total / 10, progress);
    const all = await growth(workspace, total, Number.POSITIVE_INFINITY, progress);
    return [
      { ...kept, what: `growth from ${total / 10} to ${(total * 11) / 10} TaskRuns, the newest ${total / 10} kept` },
      { ...all, what: `growth from ${total / 10} to ${(total * 11) / 10} TaskRuns, all kept` },
    ];
  },
};

/** @param most TaskRuns that stay */
async function growth(
  workspace: Workspace,
  total: number,
  most: number,
  progress: (text: string) => void,
): Promise<Omit<Figure, 'what'>> {
  const server = await BenchServer.start(workspace, { env: { KF_MAX_TASKS: `${parallel}` } });
  try {
    const stored: string[] = [];
    // Pools and caches have their size afterwards.
    await runMany(server, total / 10, stored, most);
    const sizes = [await sizeOf(server)];
    for (let fifth = 1; fifth <= 5; fifth++) {
      await runMany(server, total / 5, stored, most);
      sizes.push(await sizeOf(server));
      progress(`${(total / 5) * fifth + total / 10} runs, ${stored.length} stored: ${sizes.at(-1)?.toFixed(1)} MB`);
    }
    return {
      value: sizes.at(-1)! - sizes[0]!,
      unit: 'MB',
      details: [sizes.map((size) => `${size.toFixed(1)} MB`).join(', ')],
    };
  } finally {
    await server.stop();
  }
}

/** @param stored names, oldest first; what is more than `most` is deleted, as the runs go on */
async function runMany(server: BenchServer, count: number, stored: string[], most: number): Promise<void> {
  const watch = taskRunWatch(server);
  const running = new Set<Promise<unknown>>();
  for (let index = 0; index < count; index++) {
    // A few more than run at a time.
    if (running.size >= 3 * parallel) await Promise.race(running);
    const run = createTaskRun(server, 1).then(async (name) => {
      await watch.succeeded(name);
      stored.push(name);
      const oldest = stored.length > most ? stored.shift() : undefined;
      if (oldest !== undefined) await server.client.delete(TaskRun, { namespace: space, name: oldest });
    });
    running.add(run);
    run.finally(() => running.delete(run)).catch(() => undefined);
  }
  await Promise.all(running);
  watch.close();
}

async function sizeOf(server: BenchServer): Promise<number> {
  await server.settled();
  let least = (await server.memory()).alone / 1e6;
  // The server gives memory back 5 s after its last write, and much of it after 30 s only.
  for (let look = 0; look < 18; look++) {
    await setTimeout(2000);
    least = Math.min(least, (await server.memory()).alone / 1e6);
  }
  return least;
}
