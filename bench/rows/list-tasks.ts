/** `kf tasks` with 500 tasks against `kubectl get` of the same list, whole commands by turns. */

import { outputOf, succeed } from '../support/processes.ts';
import type { Row } from '../support/row.ts';
import { BenchServer, space } from '../support/server.ts';
import { median, spread } from '../support/statistics.ts';
import { storedTasks } from '../support/stored-tasks.ts';

export const listTasks: Row = {
  name: 'list-tasks',
  what: '`kf tasks` with 500 tasks against `kubectl get tasks.kf.dev`, whole commands',
  async run({ workspace, quick }) {
    const kubectl = process.env.KF_KUBECTL ?? 'kubectl';
    const version = (await outputOf(kubectl, ['version', '--client']))?.split('\n')[0];
    const server = await BenchServer.start(workspace, { home: await storedTasks(workspace, 500) });
    const get = ['get', 'tasks.kf.dev', '-n', space];
    const [ours, theirs]: [number[], number[]] = [[], []];
    try {
      for (let index = -2; index < (quick ? 7 : 20); index++) {
        const listed = await server.kf('tasks');
        expectRows(listed.stdout, 'kf tasks');
        const got = version === undefined ? undefined : await succeed(kubectl, get, server.env);
        if (got !== undefined) expectRows(got.stdout, kubectl);
        if (index < 0) continue;
        ours.push(listed.milliseconds);
        if (got !== undefined) theirs.push(got.milliseconds);
      }
    } finally {
      await server.stop();
    }
    const figure = { what: '`kf tasks` with 500 tasks', value: median(ours) / 1000, unit: 's' };
    if (version === undefined)
      return [{ ...figure, details: ['no kubectl here to compare with; KF_KUBECTL names one'] }];
    return [
      {
        what: '`kf tasks` ÷ `kubectl get`',
        value: median(ours.map((time, index) => time / (theirs[index] ?? Number.NaN))),
        unit: 'x',
        target: { most: 1 },
        details: [`kf ${spread(ours)} ms; kubectl ${spread(theirs)} ms (${version})`],
        cause: `a bare Node.js takes ${(await bareNode()).toFixed(0)} ms of it`,
      },
      figure,
    ];
  },
};

function expectRows(text: string, who: string): void {
  const lines = text.trim().split('\n').length;
  if (lines < 500) throw new Error(`${who} printed ${lines} lines instead of 500 tasks`);
}

async function bareNode(): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < 5; index++)
    times.push((await succeed(process.execPath, ['-e', '0'], process.env)).milliseconds);
  return median(times);
}
