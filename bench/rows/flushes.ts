/** One task on slow disks: 5 ms added to every flush; and how many flushes one task waits for in a row. */

import type { Row } from '../support/row.ts';
import { BenchServer } from '../support/server.ts';
import { median, spread } from '../support/statistics.ts';
import { createTask, TaskWatch } from '../support/tasks.ts';

/** Milliseconds; the last is long enough that a flush stands out from the noise. */
const delays = [0, 5, 40] as const;

export const flushes: Row = {
  name: 'flushes',
  what: 'one task with 5 ms added to every flush, and the flushes on its critical path',
  async run({ workspace, quick }) {
    const servers = await Promise.all(
      delays.map(async (delay) => {
        const server = await BenchServer.start(workspace, { env: { KF_FLUSH_DELAY_MS: `${delay}` } });
        await server.app('bench', 'echo hi');
        return { server, watch: new TaskWatch(server), times: [] as number[] };
      }),
    );
    for (let index = -2; index < (quick ? 10 : 30); index++) {
      for (const { server, watch, times } of servers) {
        await server.settled();
        const began = performance.now();
        await watch.succeeded(await createTask(server, 'bench'));
        if (index >= 0) times.push(performance.now() - began);
      }
    }
    for (const { server, watch } of servers) {
      await server.settled();
      watch.close();
      await server.stop();
    }
    const [none = [], five = [], slow = []] = servers.map(({ times }) => times);
    const longest = delays[2];
    return [
      {
        what: 'flushes on one task’s critical path',
        value: (median(slow) - median(none)) / longest,
        unit: 'flushes',
        target: { most: 4 },
        details: [`one task with ${longest} ms more per flush ${spread(slow)} ms, with none ${spread(none)} ms`],
        cause: 'create, intent before the container’s start, exit code; a flush under way is waited for as well',
      },
      {
        what: 'one task with 5 ms added to every flush',
        value: median(five),
        unit: 'ms',
        details: [`${spread(five)} ms`],
      },
    ];
  },
};
