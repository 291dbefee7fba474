/** A thousand Jobs that are due in the same minute: when each has its Task, and how the API answers meanwhile. */

import { setTimeout as delay } from 'node:timers/promises';
import { App } from '../../src/resources/kf/app.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { createJobs, Prober } from '../support/jobs.ts';
import type { Row } from '../support/row.ts';
import { BenchServer, space } from '../support/server.ts';
import { spread } from '../support/statistics.ts';

const app = 'bench';
const minute = 60_000;

export const jobs: Row = {
  name: 'jobs',
  what: 'Jobs that are due in the same minute: their Tasks, and the API meanwhile',
  async run({ workspace, quick, progress }) {
    const count = quick ? 300 : 1000;
    const server = await BenchServer.start(workspace);
    try {
      await server.app(app, 'true');
      const began = Date.now();
      // Far enough ahead that all Jobs are there by then.
      const slot = (Math.floor((began + count * 20 + 5_000) / minute) + 1) * minute;
      const due = new Date(slot);
      await createJobs(server, app, count, {
        schedule: `${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`,
      });
      const made = Date.now() - began;
      progress(`${count} Jobs in ${made} ms; waiting ${slot - Date.now()} ms for their minute`);
      if (Date.now() > slot - 1000) throw new Error(`creating ${count} Jobs took ${made} ms: too long`);
      await server.settled();
      const seen = taskTimes(server, count);
      await delay(slot - 500 - Date.now());
      const prober = new Prober(server, app);
      const ticks = server.ticks();
      const times = await seen;
      const busy = (server.ticks() - ticks) * 10;
      const answers = [...(await prober.stop())].sort((a, b) => a - b);
      await remove(server);
      return [
        {
          what: `${count} Jobs due at once: the last Task object`,
          value: (Math.max(...times) - slot) / 1000,
          unit: 's',
          target: { most: 2 },
          details: [
            `after the minute: ${spread(
              times.map((time) => time - slot),
              0,
            )} ms`,
            `processor time of the server's process meanwhile ${busy} ms; ${count} Jobs were made in ${made} ms`,
          ],
          cause:
            'processor time: each Task is planned, written with its Job twice, and is started while others are made',
        },
        {
          what: 'the slowest of the answers of the API meanwhile',
          value: answers.at(-1) ?? 0,
          unit: 'ms',
          target: { most: 100 },
          details: [`${answers.length} answers: ${spread(answers, 1)} ms`],
          cause: 'an answer waits for its turn on the one thread, and for the processors',
        },
      ];
    } finally {
      await server.stop();
    }
  },
};

/** When each Task was there, in milliseconds since the epoch, as a watcher sees it. */
async function taskTimes({ client }: BenchServer, count: number): Promise<number[]> {
  const times = new Map<string, number>();
  const { resourceVersion } = await client.list(Task, { namespace: space });
  for await (const { type, object } of client.watch(Task, { namespace: space, resourceVersion })) {
    if (type === 'ADDED') times.set(object.metadata.name, Date.now());
    if (times.size === count) return [...times.values()];
  }
  throw new Error(`the watch ended after ${times.size} of ${count} Tasks`);
}

/** All that was made: nothing runs on. */
async function remove(server: BenchServer): Promise<void> {
  await server.client.delete(App, { namespace: space, name: app });
  for (;;) {
    const { items } = await server.client.list(Task, { namespace: space });
    if (items.length === 0) break;
    await delay(200);
  }
  await server.settled();
}
