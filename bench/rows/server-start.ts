/** From the start of the server's process until it says that it is ready, with nothing and with many Tasks stored. */

import type { Figure, Row, RowOptions } from '../support/row.ts';
import { BenchServer } from '../support/server.ts';
import { median, spread } from '../support/statistics.ts';
import { storedTasks } from '../support/stored-tasks.ts';
import { createTask, TaskWatch } from '../support/tasks.ts';

export const serverStart: Row = {
  name: 'server-start',
  what: 'server start to ready: empty, with 10,000 and with 100,000 tasks stored',
  async run(options) {
    const { workspace, quick } = options;
    const fresh = await BenchServer.start(workspace);
    await fresh.app('bench', 'echo hi');
    await fresh.stop();
    const counts = quick ? [10_000] : [10_000, 100_000];
    const figures: Figure[] = [];
    for (const count of counts) {
      const home = await storedTasks(workspace, count);
      const most = { target: { most: 3 } };
      figures.push(
        ...(await starts(options, home, `${count.toLocaleString('en')} tasks stored`, count > 10_000 ? most : {})),
      );
    }
    return [
      ...(await starts(options, fresh.home, 'nothing stored', { target: { most: 0.5 } }, 'bench')),
      { what: 'very first start (makes keys and certificates)', value: fresh.readyAfter / 1000, unit: 's' },
      ...figures,
    ];
  },
};

async function starts(
  { workspace, quick }: RowOptions,
  home: string,
  what: string,
  extra: Partial<Figure>,
  app?: string,
): Promise<readonly Figure[]> {
  const [ready, firstTask]: [number[], number[]] = [[], []];
  for (let index = -1; index < (quick ? 3 : 7); index++) {
    const began = performance.now();
    const server = await BenchServer.start(workspace, { home });
    if (app !== undefined) {
      const watch = new TaskWatch(server);
      await watch.succeeded(await createTask(server, app));
      watch.close();
    }
    if (index >= 0) {
      ready.push(server.readyAfter);
      firstTask.push(performance.now() - began);
    }
    await server.settled();
    await server.stop();
  }
  return [
    {
      what: `start to ready, ${what}`,
      value: median(ready) / 1000,
      unit: 's',
      details: [`${spread(ready, 0)} ms`],
      cause: 'Node.js itself, reading the program, opening the store and reading its index',
      ...extra,
    },
    ...(app === undefined
      ? []
      : [{ what: `start to a first task's success, ${what}`, value: median(firstTask) / 1000, unit: 's' }]),
  ];
}
