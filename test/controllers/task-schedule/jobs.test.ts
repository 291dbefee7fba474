import { afterEach, describe, expect, test } from 'vitest';
import type { Client, Draft } from '../../../src/client/client.ts';
import { startTaskScheduleController } from '../../../src/controllers/task-schedule/task-schedule-controller.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { isHeld, refusalOf, runOf } from '../../../src/resources/kf/job-run.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import { labels } from '../../../src/resources/labels.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { hostile } from '../../client/hostile-client.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { World } from '../world.ts';

const seeds = Array.from({ length: Number(process.env.KF_SEEDS ?? 5) }, (_, index) => index + 1);
const clients: Record<string, (client: Client) => Client> = { 'in-process': (client) => client };
for (const seed of seeds) clients[`hostile, seed ${seed}`] = (client) => hostile(client, { seed });

const start = Date.parse('2026-03-01T08:00:30Z');
const minute = 60_000;

describe.each(Object.keys(clients))('Jobs over the %s client', (name) => {
  let world: World;
  let clock: FakeClock;
  let stop: () => Promise<void>;
  const setUp = async (spec: Partial<TaskSchedule['spec']>) => {
    const local = startLocalApi();
    clock = new FakeClock(start);
    const client = clients[name]!(local.client);
    world = new World(client, local.client);
    const jobs = startTaskScheduleController({ client, clock });
    // Attempts that failed come back after milliseconds of this clock too.
    const crawl = setInterval(() => clock.advance(2), 1);
    stop = async () => {
      clearInterval(crawl);
      await jobs.stop();
      (client as { close?: () => void }).close?.();
      await world.stop();
      await local.close();
    };
    await world.app('app');
    const taskTemplate = { appRef: { name: 'app' }, command: 'exit 0' };
    await local.client.create(TaskSchedule, {
      metadata: { name: 'job', namespace: 'dev' },
      spec: { schedule: '* * * * *', taskTemplate, ...spec },
    });
    await jobUntil((job) => job.status?.nextScheduleTime !== undefined);
  };
  afterEach(() => stop());

  const jobUntil = (accepts: (job: TaskSchedule) => boolean) =>
    world.until(TaskSchedule, { namespace: 'dev', name: 'job' }, accepts);
  const taskOf = (minuteOfEight: number) => `job-${Date.parse(`2026-03-01T08:0${minuteOfEight}:00Z`) / 1000}`;
  const tasks = async () => (await world.client.list(Task, { namespace: 'dev', labelSelector: labels.jobOwner })).items;

  test('one Task per slot, none twice', async () => {
    await setUp({});
    for (let passed = 1; passed <= 4; passed++) {
      clock.advance(minute);
      await world.final(taskOf(passed));
    }
    await jobUntil((job) => job.status?.starting === undefined && (job.status?.active ?? []).length === 0);
    expect((await tasks()).map((task) => task.metadata.name).sort()).toEqual([1, 2, 3, 4].map(taskOf));
    expect(world.node.ran).toHaveLength(4);
  });

  test('Forbid never runs two at a time', async () => {
    await setUp({ concurrencyPolicy: 'Forbid', taskTemplate: { appRef: { name: 'app' }, command: 'wait' } });
    for (let passed = 1; passed <= 3; passed++) {
      clock.advance(minute);
      await jobUntil((job) => Date.parse(job.status?.countedUntil ?? '') >= Date.parse(`2026-03-01T08:0${passed}:00Z`));
    }
    const job = await jobUntil(({ status }) => status?.starting === undefined);
    expect((await tasks()).map((task) => task.metadata.name)).toEqual([taskOf(1)]);
    expect(job.status?.history?.map((entry) => entry.outcome)).toEqual(['Skipped', 'Skipped']);
  });

  test('Replace ends the one that runs before the next one starts', async () => {
    await setUp({ concurrencyPolicy: 'Replace', taskTemplate: { appRef: { name: 'app' }, command: 'wait' } });
    clock.advance(minute);
    await world.until(
      Task,
      { namespace: 'dev', name: taskOf(1) },
      (task) => conditionOf(task, 'Succeeded')?.reason === 'Running',
    );
    clock.advance(minute);
    const replaced = await world.final(taskOf(1));
    expect(conditionOf(replaced, 'Succeeded')?.reason).toBe('TaskRunCancelled');
    await world.until(
      Task,
      { namespace: 'dev', name: taskOf(2) },
      (task) => conditionOf(task, 'Succeeded')?.reason === 'Running',
    );
    expect((await tasks()).filter((task) => !isFinal(task))).toHaveLength(1);
  });

  test('deleting an active Task does not wedge the Job', async () => {
    await setUp({ concurrencyPolicy: 'Forbid', taskTemplate: { appRef: { name: 'app' }, command: 'wait' } });
    clock.advance(minute);
    await jobUntil((job) => job.status?.starting === undefined && job.status?.active?.length === 1);
    await world.client.delete(Task, { namespace: 'dev', name: taskOf(1) });
    // A read that lags may still see it at the next slot; it never stays so.
    let passed = 1;
    while ((await tasks()).length === 0 && passed < 6) {
      passed += 1;
      clock.advance(minute);
      await jobUntil(
        ({ status }) =>
          Date.parse(status?.countedUntil ?? '') >= Date.parse(`2026-03-01T08:0${passed}:00Z`) &&
          status?.starting === undefined,
      );
    }
    expect(await tasks()).toHaveLength(1);
  });

  const byHand = async (name: string) => {
    const job = await world.client.get(TaskSchedule, { namespace: 'dev', name: 'job' });
    return world.client.create(Task, runOf(job, { name, pending: true }) as Draft<Task>);
  };
  /** Resolves once the Job's controller has let the run start or has taken it away; whether it may start. */
  const decided = async (name: string): Promise<boolean> => {
    const options = { namespace: 'dev', fieldSelector: `metadata.name=${name}` };
    const { items, resourceVersion } = await world.client.list(Task, options);
    const [now] = items;
    if (now === undefined) return false;
    if (now.spec.pending !== true) return true;
    for await (const { type, object } of world.client.watch(Task, { ...options, resourceVersion })) {
      if (type === 'DELETED') return false;
      if (object.spec.pending !== true) return true;
    }
    throw new Error(`the watch of ${name} ended`);
  };

  test('Forbid: of runs by hand and a slot at the same instant, one', async () => {
    await setUp({ concurrencyPolicy: 'Forbid', taskTemplate: { appRef: { name: 'app' }, command: 'wait' } });
    const names = ['job-a', 'job-b', 'job-c'];
    const first = names.slice(0, 2).map(byHand);
    clock.advance(minute);
    await Promise.all([...first, byHand('job-c')]);
    const outcomes = await Promise.all(names.map(decided));
    const job = await jobUntil(
      ({ status }) => status?.starting === undefined && status?.decided === undefined && status?.history?.length === 3,
    );
    const made = (await tasks()).map((task) => task.metadata.name);
    expect(made).toHaveLength(1);
    expect(made[0] === taskOf(1) ? 0 : 1).toBe(outcomes.filter((started) => started).length);
    expect(job.status?.history?.map(({ outcome }) => outcome)).toEqual(['Skipped', 'Skipped', 'Skipped']);
    for (const [index, name] of names.entries()) expect(refusalOf(job, name) === undefined).toBe(outcomes[index]);
  });

  test('Replace: of runs by hand and a slot at the same instant, one runs in the end, and never two', async () => {
    await setUp({ concurrencyPolicy: 'Replace', taskTemplate: { appRef: { name: 'app' }, command: 'wait' } });
    let most = 0;
    const abort = new AbortController();
    const looking = (async () => {
      const running = new Map<string, boolean>();
      for await (const { type, object } of world.client.watch(Task, { namespace: 'dev', signal: abort.signal })) {
        const runs = object.spec.pending !== true && !isFinal(object) && type !== 'DELETED';
        running.set(object.metadata.name, runs);
        most = Math.max(most, [...running.values()].filter((isRunning) => isRunning).length);
      }
    })();
    await byHand('job-a');
    expect(await decided('job-a')).toBe(true);
    const others = ['job-b', 'job-c'].map(byHand);
    clock.advance(minute);
    await Promise.all(others);
    await Promise.all(['job-b', 'job-c'].map(decided));
    await jobUntil(
      ({ status }) =>
        status?.starting === undefined &&
        status?.decided === undefined &&
        status?.replacing === undefined &&
        status?.replacingRun === undefined &&
        Date.parse(status?.countedUntil ?? '') >= Date.parse('2026-03-01T08:01:00Z'),
    );
    abort.abort();
    await looking;
    expect((await tasks()).filter((task) => !isFinal(task))).toHaveLength(1);
    expect(most).toBe(1);
  });

  test('a run by hand of a suspended Job starts', async () => {
    await setUp({ taskTemplate: { appRef: { name: 'app' }, command: 'wait' } });
    await world.client.patch(
      TaskSchedule,
      { namespace: 'dev', name: 'job' },
      {
        type: 'merge',
        body: { spec: { suspend: true } },
      },
    );
    await byHand('job-a');
    expect(await decided('job-a')).toBe(true);
  });

  test('the Job keeps its last success and failure', async () => {
    await setUp({ taskTemplate: { appRef: { name: 'app' }, command: 'exit 3' } });
    clock.advance(minute);
    await world.final(taskOf(1));
    const job = await jobUntil(({ status }) => status?.lastFailure !== undefined);
    expect(job.status?.lastFailure).toMatchObject({ name: taskOf(1), reason: 'Failed' });
  });

  const step = (line: string) => ({ name: 'one', image: 'host', command: ['/bin/sh', '-c', line] });
  const pipeline = (line: string) => ({
    taskTemplate: undefined,
    pipelineRunTemplate: {
      metadata: { labels: { team: 'a' } },
      spec: { pipelineSpec: { tasks: [{ name: 'first', taskSpec: { steps: [step(line)] } }] } },
    },
  });
  const pipelineRuns = async () => (await world.client.list(PipelineRun, { namespace: 'dev' })).items;

  test('a PipelineRun instead of a Task: slots, results', async () => {
    await setUp(pipeline('exit 0'));
    for (let passed = 1; passed <= 2; passed++) {
      clock.advance(minute);
      const run = await world.until(PipelineRun, { namespace: 'dev', name: taskOf(passed) }, isFinal);
      expect(run.metadata.labels).toMatchObject({ team: 'a', [labels.jobOwner]: 'job' });
    }
    const job = await jobUntil(({ status }) => status?.lastSuccess?.name === taskOf(2) && status.active === undefined);
    expect(job.status?.history).toBeUndefined();
    expect(world.node.ran).toHaveLength(2);
    expect(await tasks()).toEqual([]);
  });

  test('a PipelineRun under Replace: the one that runs is cancelled, by hand too', async () => {
    await setUp({ ...pipeline('wait'), concurrencyPolicy: 'Replace' });
    clock.advance(minute);
    await jobUntil(({ status }) => status?.active?.length === 1 && status.starting === undefined);
    const job = await world.client.get(TaskSchedule, { namespace: 'dev', name: 'job' });
    await world.client.create(PipelineRun, runOf(job, { name: 'job-a', pending: true }) as Draft<PipelineRun>);
    const cancelled = await world.until(PipelineRun, { namespace: 'dev', name: taskOf(1) }, isFinal);
    expect(conditionOf(cancelled, 'Succeeded')?.reason).toBe('Cancelled');
    const admitted = await world.until(PipelineRun, { namespace: 'dev', name: 'job-a' }, (run) => !isHeld(run));
    expect(isFinal(admitted)).toBe(false);
    expect((await pipelineRuns()).filter((run) => !isFinal(run))).toHaveLength(1);
  });

  test('a TaskRun under Forbid: one by hand is refused while one runs', async () => {
    await setUp({
      taskTemplate: undefined,
      taskRunTemplate: { spec: { taskSpec: { steps: [step('wait')] } } },
      concurrencyPolicy: 'Forbid',
    });
    clock.advance(minute);
    const job = await jobUntil(({ status }) => status?.active?.length === 1 && status.starting === undefined);
    await world.client.create(TaskRun, runOf(job, { name: 'job-a', pending: true }) as Draft<TaskRun>);
    await world.untilGone(TaskRun, { namespace: 'dev', name: 'job-a' });
    const after = await jobUntil(({ status }) => status?.decided === undefined && status?.history !== undefined);
    expect(refusalOf(after, 'job-a')?.message).toContain(`${taskOf(1)} has not ended`);
    expect((await world.client.list(TaskRun, { namespace: 'dev' })).items).toHaveLength(1);
  });

  test('runs of a template beyond what is kept go, the oldest first', async () => {
    await setUp(pipeline('exit 0'));
    await world.client.patch(
      Space,
      { name: 'dev' },
      {
        type: 'merge',
        body: { spec: { taskConfig: { retention: { maxTasks: 2 } } } },
      },
    );
    for (let passed = 1; passed <= 4; passed++) {
      clock.advance(minute);
      await jobUntil(({ status }) => status?.lastSuccess?.name === taskOf(passed));
    }
    await world.untilGone(PipelineRun, { namespace: 'dev', name: taskOf(1) });
    await world.client.get(PipelineRun, { namespace: 'dev', name: taskOf(4) });
  });
});
