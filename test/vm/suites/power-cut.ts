/** The machine loses its power while tasks are made and run, and apps are pushed. */

import { nothing } from '../../support/machine-state.ts';
import { type Check, expectEqual } from '../check.ts';
import { dataDir, type Guest, program } from '../guest.ts';

const cuts = 2;
/** Per cut; enough for every step of a task's way to be cut somewhere. */
const acknowledgedBeforeCut = 20;
const pushesBeforeCut = 1;

/** What the server said that it has taken, since the machine was made. */
const acknowledged = { tasks: new Set<string>(), push: 0 };

/** Lines of a program in the virtual machine, until that goes. */
function linesOf(guest: Guest, script: string, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  const onOutput = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
  const timeoutMilliseconds = guest.machine.slowness * 60_000;
  return guest.machine.run(script, { onOutput, timeoutMilliseconds }).then(
    () => undefined,
    () => undefined,
  );
}

/** Has the server work until it has acknowledged enough, then cuts the power. */
async function workAndCut(guest: Guest, cut: number): Promise<void> {
  let [tasks, pushes] = [0, 0];
  let enough = (): void => undefined;
  const worked = new Promise<void>((resolve) => {
    enough = () => tasks >= acknowledgedBeforeCut && pushes >= pushesBeforeCut && resolve();
  });
  const creating = linesOf(
    guest,
    `cd ${program} && exec node_modules/.bin/tsx test/vm/in-guest/create-tasks.ts ${dataDir}/kubeconfig cut-${cut} app 2>&1`,
    (line) => {
      if (!/^cut-\d+-\d+$/.test(line)) return;
      acknowledged.tasks.add(line);
      tasks += 1;
      enough();
    },
  );
  const pushing = linesOf(
    guest,
    `mkdir -p /root/pushed && cd /root/pushed && n=${acknowledged.push} && while :; do n=$((n + 1)); echo $n >number; kf push pushed --task -p . >/dev/null 2>&1 && echo "pushed $n"; done`,
    (line) => {
      const number = /^pushed (\d+)$/.exec(line)?.[1];
      if (number === undefined) return;
      acknowledged.push = Number(number);
      pushes += 1;
      enough();
    },
  );
  // When both have ended by themselves, something is wrong that the checks below will name.
  await Promise.race([worked, Promise.all([creating, pushing])]);
  await guest.machine.cutPower();
  await Promise.all([creating, pushing]);
  if (tasks < acknowledgedBeforeCut || pushes < pushesBeforeCut)
    throw new Error(`only ${tasks} tasks and ${pushes} pushes were acknowledged: ${await guest.machine.consoleEnd()}`);
}

/** Everything acknowledged is there and comes to its end. */
async function nothingIsLost(guest: Guest): Promise<void> {
  const { machine } = guest;
  expectEqual('is-active', (await machine.ok('systemctl is-active kf')).trim(), 'active');
  const known = await guest.tasksOnceReady();
  expectEqual(
    'lost Tasks',
    [...acknowledged.tasks].filter((name) => !known.has(name)),
    [],
  );
  const ends = await guest.allFinished();
  for (const name of acknowledged.tasks) {
    const { status, reason } = ends.get(name) ?? {};
    if (status !== 'True' && reason !== 'NodeRestarted') throw new Error(`Task ${name} has failed: ${reason}`);
  }
  const task = await guest.startTask('pushed', 'cat number');
  expectEqual('a new Task', (await guest.finished(task)).status, 'True');
  const number = Number(await guest.log(task));
  if (number < acknowledged.push) throw new Error(`push ${acknowledged.push} was acknowledged, ${number} is there`);
}

export const powerCutChecks: readonly Check[] = [
  {
    name: 'an enabled server with a task that runs',
    isGround: true,
    async run(guest) {
      await guest.machine.ok('kf server enable');
      await guest.push('app');
      acknowledged.tasks.clear();
      acknowledged.push = 0;
      await guest.running(await guest.startTask('app', 'echo begun; sleep 100000'));
    },
  },
  ...Array.from(
    { length: cuts },
    (_, index): Check => ({
      name: `power cut ${index + 1} while tasks start and end and apps are pushed: nothing acknowledged is lost`,
      isGround: true,
      async run(guest) {
        await workAndCut(guest, index);
        await guest.machine.boot();
        await nothingIsLost(guest);
      },
    }),
  ),
  {
    name: 'the store is whole, and the sweep has left nothing',
    async run(guest) {
      const { machine } = guest;
      await guest.kf('server', 'stop', '--kill');
      const check = `new (require("libsql"))("${dataDir}/store.db").pragma("integrity_check")[0].integrity_check`;
      expectEqual('integrity', (await machine.ok(`cd ${program} && node -p '${check}'`)).trim(), 'ok');
      expectEqual('left of the instance', await guest.leftovers(), nothing);
    },
  },
];
