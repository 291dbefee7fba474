/** The time of a create over HTTPS on a server with 100,000 tasks stored against one with none, by turns. */

import type { Row } from '../support/row.ts';
import { BenchServer } from '../support/server.ts';
import { median, spread } from '../support/statistics.ts';
import { storedTasks } from '../support/stored-tasks.ts';
import { awaitFinal, createTask } from '../support/tasks.ts';

export const createLatency: Row = {
  name: 'create-latency',
  what: 'create latency with 100,000 tasks stored against none',
  long: true,
  async run({ workspace, quick }) {
    const count = quick ? 10_000 : 100_000;
    const empty = await BenchServer.start(workspace);
    const full = await BenchServer.start(workspace, { home: await storedTasks(workspace, count) });
    const [none, many]: [number[], number[]] = [[], []];
    await Promise.all([empty.app('bench', 'true'), full.app('bench', 'true')]);
    try {
      for (let index = -10; index < 150; index++) {
        const [without, with_] = [await timed(empty), await timed(full)];
        if (index < 0) continue;
        none.push(without);
        many.push(with_);
      }
    } finally {
      await Promise.all([empty.stop(), full.stop()]);
    }
    return [
      {
        what: `create with ${count.toLocaleString('en')} tasks stored ÷ with none`,
        value: median(many) / median(none),
        unit: 'x',
        target: { most: 1.2 },
        details: [`stored ${spread(many, 2)} ms, none ${spread(none, 2)} ms`],
        cause: 'deeper trees and more pages to flush in SQLite',
      },
    ];
  },
};

/** Of a Task that is terminated from the beginning, so that nothing is started: the create alone; its end is awaited. */
async function timed(server: BenchServer): Promise<number> {
  const began = performance.now();
  const name = await createTask(server, 'bench', { terminated: true });
  const milliseconds = performance.now() - began;
  await awaitFinal(server, name);
  return milliseconds;
}
