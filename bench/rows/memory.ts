/** Summed PSS of every process that the server keeps running, monitors included. */

import { setTimeout } from 'node:timers/promises';
import { Namespace } from '../../src/resources/core/kinds.ts';
import type { Figure, Row, RowOptions } from '../support/row.ts';
import { BenchServer } from '../support/server.ts';
import { storedTasks } from '../support/stored-tasks.ts';
import { createTask, TaskWatch } from '../support/tasks.ts';

export const memory: Row = {
  name: 'memory',
  what: 'memory (PSS of all processes kept running): idle, with 10,000 and with 100,000 tasks stored',
  async run(options) {
    const counts = options.quick ? [0, 10_000] : [0, 10_000, 100_000];
    const most = [100, 200, 300];
    const figures: Figure[] = [];
    for (const [index, count] of counts.entries()) figures.push(...(await measure(options, count, most[index] ?? 300)));
    return figures;
  },
};

async function measure({ workspace, quick }: RowOptions, count: number, most: number): Promise<readonly Figure[]> {
  const what = count === 0 ? 'idle' : `${count.toLocaleString('en')} tasks stored`;
  const home = count === 0 ? {} : { home: await storedTasks(workspace, count) };
  const server = await BenchServer.start(workspace, home);
  try {
    await server.app('bench', 'echo hi');
    const app = count === 0 ? 'bench' : 'app-0';
    const states: [string, () => Promise<unknown>][] = [
      ['after the start', async () => {}],
      ['after `kf tasks APP` ten times', () => times(10, () => server.kf('tasks', app))],
      [`after ${quick ? 100 : 300} tasks more`, () => runTasks(server, quick ? 100 : 300)],
    ];
    const figures: Figure[] = [];
    for (const [when, act] of states) {
      await act();
      await idle(server);
      const { alone, text } = await server.memory();
      figures.push({
        what: `${what}, ${when}`,
        value: alone / 1e6,
        unit: 'MB',
        target: { most },
        details: [text],
        cause: 'what files bring in is mostly Node.js itself',
      });
    }
    return figures;
  } finally {
    await server.stop();
  }
}

/**
 * The server gives memory back 5 s after its last write, much of it after 30 s; Events are written up to a minute after what
 * they tell.
 */
async function idle(server: BenchServer): Promise<void> {
  await server.settled();
  for (let before = ''; ; ) {
    const { resourceVersion } = await server.client.list(Namespace);
    if (resourceVersion === before) return;
    before = resourceVersion;
    await setTimeout(35_000);
  }
}

async function runTasks(server: BenchServer, count: number): Promise<void> {
  // What is stored is not read for it.
  const { resourceVersion } = await server.client.list(Namespace);
  const watch = new TaskWatch(server, resourceVersion);
  const names: string[] = [];
  for (let index = 0; index < count; index++) names.push(await createTask(server, 'bench'));
  for (const name of names) await watch.succeeded(name);
  watch.close();
}

async function times(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let index = 0; index < count; index++) await act();
}
