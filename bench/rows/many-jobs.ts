/** Ten thousand Jobs that are not due: the server's start, what it does while idle, and its answers. */

import { setTimeout as delay } from 'node:timers/promises';
import { TaskSchedule } from '../../src/resources/kf/task-schedule.ts';
import { createJobs } from '../support/jobs.ts';
import type { Row } from '../support/row.ts';
import { BenchServer, space } from '../support/server.ts';
import { spread } from '../support/statistics.ts';

const app = 'bench';
/** Seconds. */
const idleFor = 10;

export const manyJobs: Row = {
  name: 'many-jobs',
  what: '10,000 Jobs that are not due: start, idle cost, answers',
  long: true,
  async run({ workspace, quick, progress }) {
    const count = quick ? 2000 : 10_000;
    const first = await BenchServer.start(workspace);
    await first.app(app, 'true');
    const began = Date.now();
    // Yesterday's date: it comes in almost a year.
    const date = new Date(began - 86_400_000);
    await createJobs(first, app, count, { schedule: `0 2 ${date.getUTCDate()} ${date.getUTCMonth() + 1} *` });
    progress(`${count} Jobs in ${Date.now() - began} ms`);
    await first.settled();
    await first.stop();
    const server = await BenchServer.start(workspace, { home: first.home });
    try {
      const ready = server.readyAfter;
      await server.settled();
      const reckoning = server.ticks() * 10;
      const before = server.ticks();
      await delay(idleFor * 1000);
      const idle = (server.ticks() - before) * 10;
      const answers: number[] = [];
      for (let index = 0; index < 100; index++) {
        const asked = performance.now();
        await server.client.get(TaskSchedule, { namespace: space, name: `job-${index}` });
        answers.push(performance.now() - asked);
      }
      const memory = await server.memory();
      return [
        {
          what: `start to ready with ${count.toLocaleString('en')} Jobs`,
          value: ready / 1000,
          unit: 's',
          target: { most: 3 },
          details: [`processor time until every Job was reckoned: ${reckoning} ms`],
          cause: 'every Job is read, and its next run reckoned anew',
        },
        {
          what: 'processor time per second while idle',
          value: idle / idleFor,
          unit: 'ms',
          target: { most: 5 },
          cause: 'timers of Jobs',
        },
        { what: 'an answer of the API', value: Math.max(...answers), unit: 'ms', details: [`${spread(answers)} ms`] },
        { what: 'memory, idle', value: memory.alone / 1e6, unit: 'MB', details: [memory.text] },
      ];
    } finally {
      await server.stop();
    }
  },
};
