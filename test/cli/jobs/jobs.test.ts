import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describe as describeOf } from '../../../src/cli/jobs/describe-job.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import type { TestCli } from '../support.ts';
import { JobsCli, rows } from './support.ts';

let on: JobsCli;
let cli: TestCli;
beforeAll(async () => {
  on = await JobsCli.start();
  cli = on.cli;
  await on.create('plain', 'x');
  await on.create('asleep', 'x', '-s', '@yearly');
  await cli.ok('update-job', 'asleep', '--suspend');
});
afterAll(() => on.close());

describe('lists and descriptions', () => {
  beforeAll(async () => {
    await on.create('shown', 'exit 7', '-s', '0 2 1 1 *', '--timezone', 'Europe/Berlin', '-c', 'Forbid');
    await cli.run('run-job', 'shown', '--wait');
    const { metadata } = await on.job('shown');
    await cli.world.until(TaskSchedule, metadata, ({ status }) => status?.lastFailure !== undefined);
    const history = [{ time: '2026-02-01T02:00:00Z', outcome: 'Skipped', message: 'Task shown-1 has not ended' }];
    const ref = { namespace: 'dev', name: 'shown' };
    const patch = { type: 'merge', body: { status: { history } } } as const;
    await cli.server.client.patch(TaskSchedule, ref, patch, { subresource: 'status' });
  });

  test('jobs: Kf’s columns, then Next and Last Result', async () => {
    const { stdout, stderr } = await cli.ok('jobs');
    expect(stderr).toBe('Listing Jobs in Space: dev\n');
    expect(stdout.split('\n')[0]?.split(/ {2,}/)).toEqual(
      'Name,Schedule,Suspend,LastSchedule,ConcurrencyPolicy,Age,Ready,Reason,Next,Last Result'.split(','),
    );
    const byName = new Map(rows(stdout).map((row) => [row.Name, row]));
    expect(byName.get('plain')).toMatchObject({
      Schedule: 'unscheduled',
      Suspend: 'true',
      Next: '<nil>',
      Ready: 'True',
    });
    expect(byName.get('shown')).toMatchObject({ Schedule: '0 2 1 1 *', Suspend: 'false', ConcurrencyPolicy: 'Forbid' });
    expect(byName.get('shown')?.Next).toMatch(/^in \d+[dyhms]/);
    expect(byName.get('shown')?.['Last Result']).toMatch(/^failed \(Failed\) \w+ ago$/);
    expect(byName.get('asleep')).toMatchObject({ Schedule: '@yearly', Suspend: 'true', Next: '<nil>' });
    expect(stdout).not.toContain('30 2 *');
  });

  test('job-schedules: those in force', async () => {
    const { stdout, stderr } = await cli.ok('job-schedules');
    expect(stderr).toBe('Listing Job schedules in Space: dev\n');
    const names = rows(stdout).map(({ Name }) => Name);
    expect(names).toContain('shown');
    expect(names).not.toContain('plain');
    expect(names).not.toContain('asleep');
  });

  test.each(['jobs', 'job-schedules'])('%s for programs; an unknown Space', async (command) => {
    expect(JSON.parse((await cli.ok(command, '-o', 'json')).stdout)).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    const { stdout, stderr } = await cli.ok(command, '-o', 'name');
    expect(stdout).toMatch(/^(taskschedule\.kf\.dev\/\S+\n)+$/);
    expect(stderr).toBe('');
    await cli.ok('create-space', `${command}-empty`);
    expect((await cli.ok(command, '--space', `${command}-empty`)).stdout).toMatch(/^Name +Schedule .*\n$/);
    expect(await cli.run(command, '--space', 'nowhere')).toMatchObject({ code: 1 });
  });

  test('job: its retries, until they are taken back', async () => {
    await cli.ok('create-job', 'report', 'again', 'exit 0', '--retries', '3');
    await cli.ok('update-job', 'again', '--retry-delay', '5s');
    expect((await cli.ok('job', 'again')).stdout).toMatch(/^Retries: +3, the first after 5s$/m);
    await cli.ok('update-job', 'again', '--unset', 'retries', '--unset', 'retry-delay');
    expect((await cli.ok('job', 'again')).stdout).not.toContain('Retries');
    await cli.ok('delete-job', 'again');
  });

  test('job: in words, with what ran, what waits and why', async () => {
    const [task] = await on.tasks('shown');
    const { stdout, stderr } = await cli.ok('job', 'shown');
    expect(stdout).toMatch(/^Command: +exit 7$/m);
    expect(stdout).toMatch(/^State: +Scheduled$/m);
    expect(stdout).toMatch(/^Concurrency Policy: +Forbid \(skips a slot while a Task has not ended\)$/m);
    expect(stdout).toMatch(/^Schedules: +0 2 1 1 \* {2}\(\S.*02:00.*; Europe\/Berlin; ID 1\)$/m);
    expect(stdout.match(/-01-01 02:00 \+01:00/g)).toHaveLength(3);
    expect(stdout).toMatch(/^Last Success: +none$/m);
    expect(stdout).toMatch(
      new RegExp(`^Last Failure: +Task ${task!.metadata.name}, \\w+ ago \\(20\\S+Z\\): Failed$`, 'm'),
    );
    const log = /log: kf (.*)$/m.exec(stdout)?.[1]?.split(' ') ?? [];
    expect((await cli.ok(...log)).stdout).toBe('hello\n');
    expect(stdout).toMatch(/^Not Run: +2026-02-01T02:00:00Z Skipped: Task shown-1 has not ended$/m);
    expect(stderr).toContain('kf update-job shown --suspend');
    expect(JSON.parse((await cli.ok('job', 'shown', '-o', 'json')).stdout)).toMatchObject({ kind: 'TaskSchedule' });
    const plain = (await cli.ok('job', 'plain')).stdout;
    expect(plain).toMatch(/^State: +Unscheduled$/m);
    expect(plain).not.toContain('30 2 *');
    expect((await cli.ok('job', 'asleep')).stdout).toMatch(/^State: +Suspended$/m);
  });

  test('job: what is active', async () => {
    await on.create('busy', 'wait');
    await cli.ok('run-job', 'busy');
    const [task] = await on.tasks('busy');
    await cli.world.until(Task, task!.metadata, ({ status }) => status?.startTime !== undefined);
    expect((await cli.ok('job', 'busy')).stdout).toMatch(
      new RegExp(`^Active: +Task ${task!.metadata.name} is running$`, 'm'),
    );
  });

  test('job: what waits, and why', () => {
    const status = { replacing: '2026-03-01T02:00:00Z', backlog: ['2026-02-01T02:00:00Z', '2026-02-02T02:00:00Z'] };
    const job = {
      apiVersion: 'kf.dev/v1alpha1',
      kind: 'TaskSchedule',
      metadata: { name: 'job' },
      spec: { taskTemplate: { appRef: { name: 'app' } } },
      status,
    };
    const more = { active: [], runs: undefined, failureLog: undefined, now: 0 };
    expect(Object.fromEntries(describeOf(job, more)).Waiting).toEqual([
      'slot 2026-03-01T02:00:00Z: for the Tasks that it replaces to end',
      '2 missed slots from 2026-02-01T02:00:00Z on: each for the one before it to end',
    ]);
  });

  test('job-history: Tasks, and slots without one, newest last', async () => {
    const { stdout, stderr } = await cli.ok('job-history', 'shown');
    const [task] = await on.tasks('shown');
    expect(stderr).toBe('Listing the history of Job shown in Space: dev\n');
    expect(stdout.split('\n')[0]?.split(/ {2,}/)).toEqual(
      'Name,ID,DisplayName,Age,Duration,Succeeded,Reason,Scheduled,Message'.split(','),
    );
    expect(rows(stdout)).toMatchObject([
      { Name: '<nil>', Reason: 'Skipped', Scheduled: '2026-02-01T02:00:00Z', Message: 'Task shown-1 has not ended' },
      { Name: task!.metadata.name, Succeeded: 'False', Scheduled: 'by hand' },
    ]);
    const list = JSON.parse((await cli.ok('job-history', 'shown', '-o', 'json')).stdout) as { items: Task[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual([task!.metadata.name]);
    expect((await cli.ok('job-history', 'asleep')).stdout).toMatch(/^Name +ID .*\n$/);
  });

  test.each([
    ['job', 'nope'],
    ['job-history', 'nope'],
    ['delete-job', 'nope'],
    ['delete-job-schedule', 'nope'],
    ['logs', '--job', 'nope'],
  ])('%s %s: an error that names it', async (...argv) => {
    const { code, stderr } = await cli.run(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain('taskschedules.kf.dev "nope" not found');
    expect(stderr).toContain('kf jobs --space dev');
  });

  test('logs --job: all Tasks of the Job, or its newest', async () => {
    await on.create('noisy', 'exit 0');
    for (let run = 0; run < 2; run++) await cli.ok('run-job', 'noisy', '--wait');
    const { stdout, stderr } = await cli.ok('logs', 'report', '--job', 'noisy', '--recent');
    expect(stdout).toMatch(/^(\[noisy-\w{5}\/\d+\] hello\n){2}$/);
    expect(stderr).toBe('');
    expect((await cli.ok('logs', '--job', 'noisy', '--last')).stdout).toBe('hello\n');
    expect((await cli.run('logs', '--job', 'noisy', '--failed')).stderr).toContain('Job "noisy" has no failed Tasks');
    expect((await cli.run('logs', 'other', '--job', 'noisy')).stderr).toContain('Job "noisy" is of App "report"');
    expect((await cli.run('logs', 'report', '1', '--job', 'noisy')).stderr).toContain('--job cannot be combined');
    expect((await cli.run('logs')).stderr).toContain('accepts between 1 and 2 arg(s), received 0');
  });
});

describe('deleting', () => {
  test('delete-job-schedule: the only one suspends, as in Kf', async () => {
    await on.create('single', 'x', '-s', '@yearly');
    expect((await cli.run('delete-job-schedule', 'single', '9')).stderr).toContain('has no schedule with ID 9');
    expect((await cli.run('delete-job-schedule', 'single', 'x')).stderr).toContain('"x" is no ID of a schedule');
    const { stdout, stderr } = await cli.ok('delete-job-schedule', 'single', '1');
    expect({ stdout, stderr }).toEqual({ stdout: 'Job schedule for single deleted.\n', stderr: '' });
    expect(await on.spec('single')).toMatchObject({ schedule: '@yearly', suspend: true });
    const again = await cli.run('delete-job-schedule', 'single');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('Job is already suspended.');
  });

  test('delete-job-schedule: of several an ID or --all', async () => {
    await on.create('several', 'x', '-s', '@yearly');
    await cli.ok('schedule-job', 'several', '@monthly', '--add');
    const { code, stderr } = await cli.run('delete-job-schedule', 'several');
    expect(code).toBe(1);
    expect(stderr).toContain('"@yearly" (ID 1, UTC), "@monthly" (ID 2, UTC)');
    expect(await cli.run('delete-job-schedule', 'several', '1', '--all')).toMatchObject({ code: 1 });
    expect((await cli.ok('delete-job-schedule', 'several', '--all')).stdout).toContain('deleted');
    const spec = await on.spec('several');
    expect(spec.suspend).toBe(true);
    expect(spec).not.toHaveProperty('moreSchedules');
  });

  test('delete-job: says what goes with it, and waits', async () => {
    await on.create('doomed', 'exit 0');
    await cli.ok('run-job', 'doomed', '--wait');
    const { stderr } = await cli.ok('delete-job', 'doomed');
    expect(stderr).toBe(
      'Deleting Job "doomed" in Space "dev"\n1 Task of it, 0 unfinished, and their logs go with it.\nWaiting for deletion...\n',
    );
    expect(await on.tasks('doomed')).toEqual([]);
    expect(await cli.run('job', 'doomed')).toMatchObject({ code: 1 });
  });

  test('app: its Jobs and their schedules', async () => {
    await on.create('of-app', 'x', '-s', '@yearly');
    const { stdout } = await cli.ok('app', 'report');
    expect(stdout).toMatch(/^ {2}of-app: +@yearly \(UTC\)$/m);
    expect(stdout).toMatch(/^ {2}plain: +unscheduled$/m);
    expect(stdout).toMatch(/^ {2}asleep: +@yearly \(UTC\), suspended$/m);
  });

  test('deleting an App or a Space counts and takes its Jobs', async () => {
    await cli.world.app('gone');
    await cli.ok('create-job', 'gone', 'goner', 'exit 0');
    await cli.ok('run-job', 'goner', '--wait');
    const { stderr } = await cli.ok('delete', 'gone');
    expect(stderr).toContain('1 Job and 1 Task of it, 0 unfinished, and their logs go with it.');
    expect(await cli.run('job', 'goner')).toMatchObject({ code: 1 });
    expect(await on.tasks('goner')).toEqual([]);
  });
});
