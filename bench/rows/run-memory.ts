/** Whether the server's memory grows with the runs that have ended. */

import { setTimeout } from 'node:timers/promises';
import { parallel } from '../support/pair.ts';
import type { Figure, Row } from '../support/row.ts';
import { createTaskRun, taskRunWatch } from '../support/runs.ts';
import { BenchServer } from '../support/server.ts';

export const runMemory: Row = {
  name: 'run-memory',
  what: 'memory (PSS of all processes kept running) after each fifth of 5,000 TaskRuns',
  long: true,
  async run({ workspace, quick, progress }) {
    const total = quick ? 500 : 5000;
    const server = await BenchServer.start(workspace, { env: { KF_MAX_TASKS: `${parallel}` } });
    try {
      // Pools and caches have their size afterwards.
      await runMany(server, total / 10);
      const sizes = [await sizeOf(server)];
      const texts: string[] = [];
      const began = performance.now();
      for (let fifth = 1; fifth <= 5; fifth++) {
        await runMany(server, total / 5);
        const size = await sizeOf(server);
        sizes.push(size);
        texts.push(`${(total / 5) * fifth} runs: ${size.toFixed(1)} MB`);
        progress(texts.at(-1)!);
      }
      const seconds = (performance.now() - began) / 1000;
      const growth: Figure = {
        what: `growth from ${total / 10} to ${total} TaskRuns more`,
        value: sizes.at(-1)! - sizes[0]!,
        unit: 'MB',
        details: [`${total / 10} runs: ${sizes[0]!.toFixed(1)} MB`, ...texts],
        cause: 'the index of what is stored is held in memory',
      };
      return [growth, { what: 'runs per second, pauses included', value: total / seconds, unit: '/s' }];
    } finally {
      await server.stop();
    }
  },
};

async function runMany(server: BenchServer, count: number): Promise<void> {
  const watch = taskRunWatch(server);
  const names = new Set<Promise<unknown>>();
  for (let index = 0; index < count; index++) {
    // A few more than run at a time.
    if (names.size >= 3 * parallel) await Promise.race(names);
    const run = createTaskRun(server, 1).then((name) => watch.succeeded(name));
    names.add(run);
    run.finally(() => names.delete(run)).catch(() => undefined);
  }
  await Promise.all(names);
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
