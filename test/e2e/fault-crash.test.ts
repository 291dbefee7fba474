/** The server is killed, a container's process is killed, its monitor is killed, the machine reboots. */

import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { Kf } from '../support/kf.ts';
import { connect, finished, logged, logOf, outcome, running, space, startTask, until } from '../support/kf-tasks.ts';
import {
  containerPids,
  countsOf,
  instanceOf,
  isRunning,
  type MachineState,
  machineState,
  monitorPids,
  nothing,
  volatileOf,
} from '../support/machine-state.ts';
import { slowness } from '../support/slowness.ts';

let kf: Kf;
beforeEach(async () => {
  kf = await Kf.create();
  await kf.push('job', { 'run.sh': 'exit 0\n' }, '-c', 'sh run.sh');
});
afterEach(() => kf.remove());

const instance = () => instanceOf(kf.dataDir);

/** Prints its own start, so that a second one would show; ends when the test lets it. */
const untilTold = (rest: string): string => `echo begun; while [ ! -e /tmp/go ]; do sleep 0.02; done; ${rest}`;

/** Makes the only running container go on, whether or not there is a server. */
function letGo(): void {
  const [container] = containerPids(instance());
  writeFileSync(`/proc/${container!.pid}/root/tmp/go`, '');
}

const noMonitors = () => expect.poll(() => monitorPids(instance())).toEqual([]);

/** Once the last task has ended and the server stops, nothing of it is on the machine. */
async function leavesNothing(): Promise<void> {
  await expect.poll(() => machineState(instance()).volatileFiles).toEqual([]);
  const before = instance();
  await kf.ok('server', 'stop');
  expect(machineState(before)).toEqual(nothing);
}

test('kill -9 before a task starts, while it runs, after it has ended: one start, whole log, its exit code', async () => {
  const name = await startTask(kf, 'job', untilTold('seq 1 2000; exit 7'));
  await kf.killServer();
  await kf.ok('server', 'start');
  await logged(kf, name, 'begun');
  await kf.killServer();
  await kf.ok('server', 'start');
  expect(conditionOf(await running(kf, name), 'Succeeded')?.status).toBe('Unknown');
  letGo();
  expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 7, status: 'False' });
  await kf.killServer();
  await kf.ok('server', 'start');
  expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 7, status: 'False' });
  const numbers = Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join('');
  expect(await logOf(kf, name)).toBe(`begun\n${numbers}`);
  await leavesNothing();
});

test('a task that ends while no server runs: log and exit code are there afterwards', async () => {
  const name = await startTask(kf, 'job', untilTold('echo done; exit 9'));
  await logged(kf, name, 'begun');
  await kf.killServer();
  letGo();
  await noMonitors();
  await kf.ok('server', 'start');
  expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 9, status: 'False' });
  expect(await logOf(kf, name)).toBe('begun\ndone\n');
});

test('a command that waits for a task outlives the server and returns the task’s code', async () => {
  const waiting = kf.run(['run-task', 'job', '-c', untilTold('echo done; exit 5'), '--follow']);
  await expect.poll(() => containerPids(instance()).length).toBe(1);
  await kf.killServer();
  await kf.ok('server', 'start');
  letGo();
  const { code, stdout, stderr } = await waiting;
  expect(code, stderr).toBe(5);
  expect(stdout).toBe('begun\ndone\n');
});

test('terminate-task after a kill -9 still ends the task at once', async () => {
  const name = await startTask(kf, 'job', untilTold('true'));
  await logged(kf, name, 'begun');
  await kf.killServer();
  await kf.ok('terminate-task', name);
  expect(outcome(await finished(kf, name))).toMatchObject({ status: 'False', reason: 'TaskRunCancelled' });
  await leavesNothing();
});

test('kill -9 of a container’s first process is its exit code 137; of its monitor: ContainerStatusUnknown', async () => {
  const victim = await startTask(kf, 'job', untilTold('true'));
  await logged(kf, victim, 'begun');
  process.kill(containerPids(instance())[0]!.pid, 'SIGKILL');
  expect(outcome(await finished(kf, victim))).toMatchObject({ exitCode: 137, status: 'False' });
  await noMonitors();

  const orphan = kf.run(['run-task', 'job', '-c', untilTold('true'), '--wait', '-o', 'json']);
  await expect.poll(() => monitorPids(instance()).length).toBe(1);
  const client = await connect(kf);
  const { items } = await client.list(Task, { namespace: space });
  client.close();
  const name = items.find((task) => !isFinal(task))!.metadata.name;
  await logged(kf, name, 'begun');
  const { pid } = containerPids(instance())[0]!;
  process.kill(monitorPids(instance())[0]!, 'SIGKILL');
  const { code, stderr } = await orphan;
  expect(code, stderr).toBe(122);
  expect(stderr).toContain('conmon');
  expect(outcome(await finished(kf, name))).toMatchObject({ status: 'False', reason: 'ContainerStatusUnknown' });
  // Nobody would hear of its end: it does not go on in secret.
  expect(isRunning(pid)).toBe(false);
  await leavesNothing();
});

test('a reboot: what ran is lost and says so, what waited runs', async () => {
  await kf.run(['server', 'stop']);
  // Room for two: the third waits.
  await kf.run(['server', 'start'], { env: { KF_MAX_TASKS: '2' } });
  const lost = await startTask(kf, 'job', untilTold('true'));
  await logged(kf, lost, 'begun');
  const line = 'echo attempt $KF_TASK_ATTEMPT; [ $KF_TASK_ATTEMPT = 2 ] || sleep 1000';
  const again = await startTask(kf, 'job', line, '--retries', '1', '--retry-delay', '1s');
  await logged(kf, again, 'attempt 1');
  const queued = await startTask(kf, 'job', 'echo ran; exit 4');
  await until(kf, queued, (task) => conditionOf(task, 'Succeeded')?.message?.includes('places') === true);
  await kf.killServer();
  for (const pid of monitorPids(instance())) process.kill(pid, 'SIGKILL');
  for (const { pid } of containerPids(instance())) process.kill(pid, 'SIGKILL');
  await noMonitors();
  rmSync(volatileOf(instance()), { recursive: true });
  await kf.run(['server', 'start'], { env: { KF_BOOT_ID: 'after-the-reboot' } });
  expect(outcome(await finished(kf, lost))).toMatchObject({ status: 'False', reason: 'NodeRestarted' });
  expect(outcome(await finished(kf, queued))).toMatchObject({ exitCode: 4 });
  expect(await logOf(kf, queued)).toBe('ran\n');
  expect(await logOf(kf, lost)).toBe('begun\n');
  expect((await kf.run(['task', lost])).stdout).toMatch(/NodeRestarted/);
  // Whoever asked for another attempt gets one.
  const second = await finished(kf, again);
  expect(outcome(second)).toMatchObject({ exitCode: 0, status: 'True' });
  expect(second.status?.attempts).toMatchObject([{ reason: 'NodeRestarted' }, { exitCode: 0 }]);
  expect(await logOf(kf, again)).toBe('attempt 1\nattempt 2\n');
});

/** How often the server is killed; the long run is KF_KILLS=200. */
const kills = Number(process.env.KF_KILLS ?? 25);

test(
  `${kills} × kill -9 at random points under load: every task once, nothing left behind`,
  async () => {
    for (let index = 0; index < kills * tasksPerKill; index += tasksPerApp)
      await kf.push(appOf(index), { 'run.sh': 'exit 0\n' }, '-c', 'sh run.sh');
    await kf.ok('server', 'restart');
    const fresh = await settled();
    const load = new Load(kf);
    for (let round = 0; round < kills; round++) {
      const making = load.add(tasksPerKill);
      await chance(600);
      await kf.killServer();
      await kf.ok('server', 'start');
      await making;
      // Not every start may get as far as recovering before the next kill.
      await chance(100);
    }
    await load.check();
    await kf.killServer();
    await kf.ok('server', 'start');
    await expect.poll(() => countsOf(machineState(instance())), { interval: 200 }).toEqual(countsOf(fresh));
    await leavesNothing();
  },
  (120_000 + kills * 6_000) * slowness,
);

/** The point of the kill is what is random here: nothing is waited for. */
const chance = (most: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * most));

/** The state of the machine once nothing changes any more. */
async function settled(): Promise<MachineState> {
  let state = machineState(instance());
  let same = 0;
  await expect
    .poll(
      () => {
        const next = machineState(instance());
        same = JSON.stringify(next) === JSON.stringify(state) ? same + 1 : 0;
        state = next;
        return same;
      },
      { interval: 100 },
    )
    .toBeGreaterThan(5);
  return state;
}

/** Tasks, each with an outcome and a log of its own. */
class Load {
  readonly #kf: Kf;
  #made = 0;

  constructor(kf: Kf) {
    this.#kf = kf;
  }

  /** Creates tasks, each once, however often the server is away. */
  async add(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.#create(this.#made++);
  }

  async #create(index: number): Promise<void> {
    for (;;) {
      try {
        const client = await connect(this.#kf);
        try {
          await client.create(Task, {
            metadata: { name: nameOf(index), namespace: space },
            spec: { appRef: { name: appOf(index) }, command: commandOf(index), memory: '64Mi' },
          });
          return;
        } finally {
          client.close();
        }
      } catch (error) {
        if ((error as { reason?: string }).reason === 'AlreadyExists') return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async check(): Promise<void> {
    const client = await connect(this.#kf);
    const wrong: string[] = [];
    const ids: string[] = [];
    for (let index = 0; index < this.#made; index++) {
      const task = await finished(this.#kf, nameOf(index), 60_000);
      ids.push(`${appOf(index)} ${task.status?.id}`);
      const chunks: Buffer[] = [];
      for await (const chunk of client.taskLog({ namespace: space, name: nameOf(index) })) chunks.push(chunk);
      const log = Buffer.concat(chunks).toString();
      if (task.status?.exitCode !== codeOf(index)) wrong.push(`${nameOf(index)}: ${JSON.stringify(outcome(task))}`);
      if (log !== outputOf(index)) wrong.push(`${nameOf(index)}: log ${JSON.stringify(log.slice(0, 100))}`);
    }
    client.close();
    expect(wrong, await this.#kf.log()).toEqual([]);
    expect(new Set(ids).size).toBe(this.#made);
  }
}

const tasksPerKill = 4;
/** Fewer than an App keeps. */
const tasksPerApp = 400;

const appOf = (index: number): string => `load-app-${Math.floor(index / tasksPerApp)}`;
const nameOf = (index: number): string => `load-${index}`;
const codeOf = (index: number): number => index % 100;
const commandOf = (index: number): string =>
  `echo start ${index}; seq 1 200; sleep 0.${index % 4}; echo end >&2; exit ${codeOf(index)}`;
const outputOf = (index: number): string =>
  `start ${index}\n${Array.from({ length: 200 }, (_, line) => `${line + 1}\n`).join('')}end\n`;
