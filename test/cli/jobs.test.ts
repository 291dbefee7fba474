import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describe as describeOf } from '../../src/cli/jobs/describe-job.ts';
import { nextRuns, runsTable } from '../../src/cli/jobs/next-runs.ts';
import { systemClock } from '../../src/client/clock.ts';
import type { RunningController } from '../../src/client/controller.ts';
import { startTaskScheduleController } from '../../src/controllers/task-schedule/task-schedule-controller.ts';
import { isFinal } from '../../src/resources/condition.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../src/resources/kf/task-schedule.ts';
import { labels } from '../../src/resources/labels.ts';
import { TestCli } from './support.ts';

let cli: TestCli;
let scheduler: RunningController;
beforeAll(async () => {
  cli = await TestCli.start();
  scheduler = startTaskScheduleController({ client: cli.server.client, clock: systemClock });
  await cli.world.app('report');
});
afterAll(async () => {
  await scheduler.stop();
  await cli.close();
});

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
const jobs = async () => (await cli.server.client.list(TaskSchedule, { namespace: 'dev' })).items;
const jobOf = (name: string) => cli.server.client.get(TaskSchedule, { namespace: 'dev', name });
const tasksOf = async (job: string) =>
  (await cli.server.client.list(Task, { namespace: 'dev', labelSelector: `${labels.jobOwner}=${job}` })).items;
const specOf = async (name: string) => (await jobOf(name)).spec;
const create = (name: string, command: string, ...flags: readonly string[]) =>
  cli.ok('create-job', 'report', name, command, '--async', ...flags);
/** The table's cells by column. */
const rows = (table: string): readonly Readonly<Record<string, string>>[] => {
  const [header = '', ...lines] = table.trimEnd().split('\n');
  const starts = [...header.matchAll(/\S+( \S+)*/g)].map((match) => ({ name: match[0], at: match.index }));
  return lines.map((line) =>
    Object.fromEntries(starts.map(({ name, at }, index) => [name, line.slice(at, starts[index + 1]?.at).trim()])),
  );
};

describe('create-job', () => {
  test('without a schedule: Kf’s words and placeholder, owned by the App', async () => {
    const { stdout, stderr } = await cli.ok('create-job', 'report', 'plain', 'node etl.js');
    expect(stdout).toBe('');
    expect(stderr).toBe('Job plain created.\nWaiting for Job to become ready...\nSuccess\n');
    const { spec, metadata } = await jobOf('plain');
    expect(spec).toEqual({
      concurrencyPolicy: 'Always',
      schedule: '0 0 30 2 *',
      suspend: true,
      missed: 'latest',
      taskTemplate: { appRef: { name: 'report' }, command: 'node etl.js' },
    });
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'App', name: 'report', controller: true }]);
    expect((await cli.ok('create-job', 'report', 'quick', 'true', '--async')).stderr).toBe(
      'Job quick created.\nWaiting for Job to become ready asynchronously\n',
    );
  });

  test('all flags arrive; the next three runs and the server’s part are said', async () => {
    const flags = ['-s', '30 2 1 1 *', '-c', 'forbid', '--timezone', 'Europe/Berlin', '--missed', 'all'];
    const task = ['-m', '512M', '-k', '2GB', '--cpu-cores', '0.5', '-e', 'A=1=2', '--timeout', '30m'];
    const rest = ['--missed-within', '6h', '--grace-period', '1m', '--args', '--config', '--args', 'x y'];
    const running = cli.start(['create-job', 'report', 'full', 'exit 0', ...flags, ...task, ...rest], {
      env: { TZ: 'Asia/Tokyo' },
    });
    const { code, stderr } = await running.finished;
    expect(code).toBe(0);
    expect(await specOf('full')).toEqual({
      concurrencyPolicy: 'Forbid',
      schedule: '30 2 1 1 *',
      suspend: false,
      timeZone: 'Europe/Berlin',
      missed: 'all',
      missedWithin: '6h',
      taskTemplate: {
        appRef: { name: 'report' },
        command: 'exit 0',
        memory: '512Mi',
        disk: '2Gi',
        cpu: '0.5',
        env: [{ name: 'A', value: '1=2' }],
        timeout: '30m',
        gracePeriodSeconds: 60,
        args: ['--config', 'x y'],
      },
    });
    expect(stderr).toMatch(/^ {2}Europe\/Berlin \(the Job's\) +Asia\/Tokyo \(yours\) +UTC$/m);
    expect(
      stderr.match(/-01-01 02:30 \+01:00 +\w+ \d+-01-01 10:30 \+09:00 +\w+ \d+-01-01 01:30 \+00:00$/gm),
    ).toHaveLength(3);
    expect(stderr).toContain('It runs only while the embedded server runs');
    const cluster = await cli.ok(...'create-job report far x -s @yearly --space dev --context prod'.split(' '));
    expect(cluster.stderr).toMatch(/^Using context "prod", Space "dev"\n/);
    expect(cluster.stderr).not.toContain('embedded');
  });

  test('the exact argv instead of a command; TZ= means --timezone', async () => {
    await cli.ok('create-job', 'report', 'argv', '--args', 'python3', '-s', 'TZ=Asia/Tokyo  0 2 * * *', '--async');
    expect(await specOf('argv')).toMatchObject({ schedule: '0 2 * * *', timeZone: 'Asia/Tokyo' });
    expect((await specOf('argv')).taskTemplate).toEqual({ appRef: { name: 'report' }, args: ['python3'] });
  });

  test.each([
    [['report', 'bad', 'x', '-s', 'foo'], 'Schedule "foo" is not a valid cron schedule: '],
    [['report', 'bad', 'x', '-s', '0 0 30 2 *'], 'never fires'],
    [['report', 'bad', 'x', '-s', '0 0 2 * * *'], 'there are no seconds; nearest valid form: 0 2 * * *'],
    [['report', 'bad', 'x', '-s', '@every 30s'], '@every must be at least 1m'],
    [['report', 'bad', 'x', '-s', 'TZ=Mars/Base 0 2 * * *'], '"Mars/Base" is no IANA time zone'],
    [['report', 'bad', 'x', '-s', 'TZ=Asia/Tokyo 0 2 * * *', '--timezone', 'UTC'], 'give one of them'],
    [['report', 'bad', 'x', '--timezone', 'Berlin'], 'It must be an IANA time zone'],
    [['report', 'bad', 'x', '-c', 'Allow'], 'Always, Forbid or Replace'],
    [['report', 'bad', '-c', 'node etl.js'], 'It is the concurrency policy'],
    [['report', 'bad', 'x', '--missed', 'most'], 'Allowed choices are latest, skip, all'],
    [['report', 'bad', 'x', '--missed-within', 'soon'], '--missed-within'],
    [['report', 'bad', 'x', '-m', '12X'], '--memory-limit'],
    [['report', 'bad', 'x', '-e', '1A=x'], '--env'],
    [['report', 'bad'], 'accepts 3 arg(s), received 2'],
    [['report', 'bad', ' '], 'the COMMAND is missing'],
    [['report', 'j'.repeat(53), 'x'], 'failed to create Job: '],
    [['report', 'j'.repeat(53), 'x'], 'at most 52 long'],
    [['report', 'Bad_Name', 'x'], 'must be lower-case letters'],
    [['report', 'plain', 'x'], 'failed to create Job: taskschedules.kf.dev "plain" already exists'],
    [['nope', 'bad', 'x'], 'failed to get App: apps.kf.dev "nope" not found'],
    [['report', 'bad', 'x', '--space', 'nowhere'], `Space "nowhere" doesn't exist`],
  ])('%j is refused with the reason, and nothing is created', async (args, reason) => {
    const before = (await jobs()).length;
    const { code, stdout, stderr } = await cli.run('create-job', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'FAIL\n' });
    expect(stderr).toContain(reason);
    expect((await jobs()).length).toBe(before);
  });

  test('52 letters are a name, and a slot’s Task fits', async () => {
    const name = 'j'.repeat(52);
    await create(name, 'exit 0');
    expect((await cli.ok('run-job', name, '--wait')).stdout).toContain(`Task ${name}-`);
  });
});

describe('run-job', () => {
  beforeAll(() => create('manual', 'exit 0'));

  test('Kf’s line on stdout, a Task of the Job while it is suspended, tips that work as printed', async () => {
    const { stdout, stderr } = await cli.ok('run-job', 'manual');
    const name = /^Task (manual-\w{5}) is submitted successfully for execution\.\n$/.exec(stdout)?.[1] ?? '';
    const task = await cli.world.final(name);
    expect(task.metadata.labels).toMatchObject({ [labels.jobOwner]: 'manual', [labels.appName]: 'report' });
    expect(task.metadata.ownerReferences).toMatchObject([{ kind: 'TaskSchedule', name: 'manual', controller: true }]);
    expect(task.spec).toEqual({ appRef: { name: 'report' }, command: 'exit 0', displayName: name });
    const tips = [...stderr.matchAll(/: +kf (.*)$/gm)].map((match) => match[1]!.split(' '));
    expect(tips.map(([command]) => command)).toEqual(['logs', 'task', 'job-history']);
    for (const tip of tips) expect(await cli.run(...tip), tip.join(' ')).toMatchObject({ code: 0 });
  });

  test('flags hold for this run; variables one by one', async () => {
    await create('template', 'exit 0', '-m', '1G', '-e', 'A=1', '-e', 'B=2', '--timeout', '1h');
    await cli.ok('run-job', 'template', '-m', '2G', '-e', 'B=3', '--cpu-cores', '2', '--args', 'x');
    const [task] = await tasksOf('template');
    await cli.ok('terminate-task', task!.metadata.name, '--now');
    expect(task?.spec).toMatchObject({
      memory: '2Gi',
      cpu: '2',
      timeout: '1h',
      args: ['x'],
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '3' },
      ],
    });
    expect((await specOf('template')).taskTemplate.memory).toBe('1Gi');
  });

  test('--wait, --follow, -o: as run-task', async () => {
    await create('three', 'exit 3');
    const waited = await cli.run('run-job', 'three', '-w');
    expect(waited.code).toBe(3);
    expect(lastLine(waited.stderr)).toMatch(/^Task three-\w{5} failed: exit code 3\.$/);
    expect(await cli.run('run-job', 'three', '--follow')).toMatchObject({ code: 3, stdout: 'hello\n' });
    const json = await cli.run('run-job', 'three', '-w', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Task', status: { exitCode: 3 } });
    expect((await cli.ok('run-job', 'three', '-o', 'name')).stdout).toMatch(/^task\.kf\.dev\/three-\w{5}\n$/);
  });

  test.each([
    [['nope'], 'taskschedules.kf.dev "nope" not found'],
    [['manual', '-m', 'x'], '--memory-limit'],
    [['manual', 'surplus'], 'accepts 1 arg(s), received 2'],
  ])('bad input %j: 1, or 125 with --wait, and no Task', async (args, reason) => {
    const before = (await tasksOf('manual')).length;
    const plain = await cli.run('run-job', ...args);
    expect(plain).toMatchObject({ code: 1 });
    expect(plain.stderr).toContain(reason);
    expect(await cli.run('run-job', ...args, '--wait')).toMatchObject({ code: 125 });
    expect((await tasksOf('manual')).length).toBe(before);
  });

  test('Forbid: exit 1 naming the active Task; --force runs beside it', async () => {
    await create('forbid', 'wait', '-c', 'Forbid');
    await cli.ok('run-job', 'forbid');
    const [active] = await tasksOf('forbid');
    const { code, stderr } = await cli.run('run-job', 'forbid');
    expect(code).toBe(1);
    expect(stderr).toContain(
      `the concurrency policy of Job "forbid" is Forbid, and Task ${active!.metadata.name} (ID `,
    );
    expect(stderr).toContain('kf run-job forbid --force');
    expect(await cli.run('run-job', 'forbid', '--wait')).toMatchObject({ code: 125 });
    expect(await tasksOf('forbid')).toHaveLength(1);
    await cli.ok('run-job', 'forbid', '--force');
    const both = await tasksOf('forbid');
    expect(both.filter((task) => !isFinal(task))).toHaveLength(2);
    for (const { metadata } of both) await cli.ok('terminate-task', metadata.name, '--now');
    await cli.ok('run-job', 'forbid');
  });

  test('Forbid: of many at once, one', async () => {
    await create('crowd', 'wait', '-c', 'Forbid');
    const codes = (await Promise.all(Array.from({ length: 5 }, () => cli.run('run-job', 'crowd')))).map(
      ({ code }) => code,
    );
    expect(codes.sort()).toEqual([0, 1, 1, 1, 1]);
    expect(await tasksOf('crowd')).toHaveLength(1);
  });

  test('Replace: terminates the active Task, waits for its end, then runs', async () => {
    await create('replace', 'wait', '-c', 'Replace');
    await cli.ok('run-job', 'replace');
    const [first] = await tasksOf('replace');
    const { stderr } = await cli.ok('run-job', 'replace');
    expect(stderr).toContain(
      `Terminating Task ${first!.metadata.name}: the concurrency policy of Job "replace" is Replace.`,
    );
    const active = (await tasksOf('replace')).filter((task) => !isFinal(task));
    expect(active).toHaveLength(1);
    expect(active[0]!.metadata.name).not.toBe(first!.metadata.name);
    const ended = (await tasksOf('replace')).find(({ metadata }) => metadata.name === first!.metadata.name);
    expect(ended?.spec.terminated).toBe(true);
  });
});

describe('schedule-job', () => {
  test('sets, resumes, says the next runs; a second time warns and lists what it replaces', async () => {
    await create('nightly', 'exit 0');
    const first = await cli.ok(
      'schedule-job',
      'nightly',
      '0 2 1 1 *',
      '--timezone',
      'America/New_York',
      '--missed',
      'skip',
    );
    expect(first.stdout).toBe('Job nightly scheduled.\n');
    expect(first.stderr).not.toContain('WARNING');
    expect(first.stderr).toMatch(/America\/New_York \(the Job's\)/);
    expect(first.stderr.match(/-01-01 02:00 -05:00/g)).toHaveLength(3);
    expect(await specOf('nightly')).toMatchObject({
      schedule: '0 2 1 1 *',
      timeZone: 'America/New_York',
      missed: 'skip',
      suspend: false,
    });
    const { stderr } = await cli.ok('schedule-job', 'nightly', '@yearly');
    expect(stderr).toContain(
      'WARNING: Scheduling an already scheduled Job. This will overwrite the existing schedule.\nReplaced: "0 2 1 1 *" (ID 1, America/New_York)\n',
    );
    expect(await specOf('nightly')).toMatchObject({ schedule: '@yearly', timeZone: 'America/New_York' });
  });

  test('--add; IDs are never used again', async () => {
    await create('many', 'exit 0');
    const ids = async () => rows((await cli.ok('job-schedules')).stdout).filter(({ Name }) => Name === 'many');
    await cli.ok('schedule-job', 'many', '0 1 1 1 *', '--add');
    await cli.ok('schedule-job', 'many', '0 2 1 1 *', '--add', '--timezone', 'Asia/Tokyo');
    const { stderr } = await cli.ok('schedule-job', 'many', '0 3 1 1 *', '--add');
    expect(stderr).toContain('Schedule ID');
    expect(await ids()).toMatchObject([
      { Schedule: '0 1 1 1 *', ID: '1', 'Time Zone': 'UTC' },
      { Schedule: '0 2 1 1 *', ID: '2', 'Time Zone': 'Asia/Tokyo' },
      { Schedule: '0 3 1 1 *', ID: '3', 'Time Zone': 'UTC' },
    ]);
    expect((await cli.ok('delete-job-schedule', 'many', '3')).stdout).toBe('Job schedule for many deleted.\n');
    await cli.ok('delete-job-schedule', 'many', '1');
    expect(await specOf('many')).toMatchObject({ schedule: '0 2 1 1 *', timeZone: 'Asia/Tokyo', suspend: false });
    await cli.ok('schedule-job', 'many', '0 4 1 1 *', '--add', '--timezone', 'UTC');
    expect(await ids()).toMatchObject([
      { Schedule: '0 2 1 1 *', ID: '2' },
      { Schedule: '0 4 1 1 *', ID: '4', 'Time Zone': 'UTC' },
    ]);
    await cli.ok('schedule-job', 'many', '0 5 1 1 *');
    expect(await ids()).toMatchObject([{ Schedule: '0 5 1 1 *', ID: '5' }]);
  });

  test('--preview only prints', async () => {
    await create('look', 'exit 0');
    const before = await jobOf('look');
    const { stdout, stderr } = await cli.ok('schedule-job', 'look', '0 0 1 * *', '--preview', '5');
    expect(stdout.trimEnd().split('\n')).toHaveLength(6);
    expect(stdout.match(/-01 00:00 \+00:00/g)).toHaveLength(5);
    expect(stderr).toBe('');
    expect((await cli.ok('schedule-job', 'look', '@hourly', '--preview')).stdout.trimEnd().split('\n')).toHaveLength(4);
    expect((await jobOf('look')).spec).toEqual(before.spec);
  });

  test.each([
    [['look', 'foo'], 'Schedule "foo" is not a valid cron schedule: '],
    [['nope', 'foo'], 'Schedule "foo" is not a valid cron schedule: '],
    [['nope', '@daily'], 'taskschedules.kf.dev "nope" not found'],
    [['look', '0 0 L * *'], 'nearest valid form: 0 0 28 * *'],
    [['look', '@reboot'], '@reboot names no time'],
    [['look', '@daily', '--timezone', '+01:00'], 'It must be an IANA time zone'],
    [['look', '@daily', '--preview', '0'], 'number of runs from 1 on'],
    [['look'], 'accepts 2 arg(s), received 1'],
    [['look', '0', '2', '*', '*', '*'], 'accepts 2 arg(s), received 6'],
  ])('%j is refused with the reason, and nothing is changed', async (args, reason) => {
    const before = await jobOf('look');
    const { code, stderr } = await cli.run('schedule-job', ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
    expect((await jobOf('look')).spec).toEqual(before.spec);
  });

  test('--add to a suspended Job would resume others: refused, naming them', async () => {
    await create('asleep', 'exit 0', '-s', '@yearly');
    await cli.ok('update-job', 'asleep', '--suspend');
    const { code, stderr } = await cli.run('schedule-job', 'asleep', '@monthly', '--add');
    expect(code).toBe(1);
    expect(stderr).toContain('would resume "@yearly" (ID 1, UTC) too');
    expect(await specOf('asleep')).toMatchObject({ schedule: '@yearly', suspend: true });
  });
});

describe('update-job', () => {
  test('changes what is named and keeps the rest', async () => {
    await create('change', 'old', '-m', '1G', '-e', 'A=1', '-e', 'B=1', '--timeout', '1h', '-s', '@yearly');
    const { stdout } = await cli.ok(
      ...['update-job', 'change', '--command', 'new', '-c', 'Replace', '-e', 'B=2', '--missed', 'skip'],
      ...['--missed-within', '2h', '-k', '3G', '--unset', 'timeout', '--unset', '--memory-limit'],
    );
    expect(stdout).toBe('Job change updated.\n');
    expect(await specOf('change')).toEqual({
      concurrencyPolicy: 'Replace',
      schedule: '@yearly',
      suspend: false,
      missed: 'skip',
      missedWithin: '2h',
      taskTemplate: {
        appRef: { name: 'report' },
        command: 'new',
        disk: '3Gi',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
    });
    await cli.ok('update-job', 'change', '--unset', 'missed-within', '--unset', 'env', '-e', 'C=3');
    const { missedWithin, taskTemplate } = await specOf('change');
    expect({ missedWithin, env: taskTemplate.env }).toEqual({ env: [{ name: 'C', value: '3' }] });
  });

  test('--suspend and --resume; --timezone and --schedule', async () => {
    await create('zoned', 'x', '-s', '0 2 1 1 *');
    await cli.ok('schedule-job', 'zoned', '0 3 1 1 *', '--add');
    expect((await cli.ok('update-job', 'zoned', '--suspend')).stderr).toBe('');
    expect((await jobOf('zoned')).metadata.labels).toMatchObject({ [labels.jobSuspend]: 'true' });
    expect((await cli.ok('update-job', 'zoned', '--suspend')).stderr).toContain('was suspended already');
    expect((await cli.ok('job-schedules')).stdout).not.toContain('zoned');
    const { stderr } = await cli.ok('update-job', 'zoned', '--resume', '--timezone', 'Europe/Berlin');
    expect(stderr).toContain('Next runs:');
    expect(await specOf('zoned')).toMatchObject({
      suspend: false,
      timeZone: 'Europe/Berlin',
      moreSchedules: [{ id: 2, schedule: '0 3 1 1 *', timeZone: 'Europe/Berlin' }],
    });
    await cli.ok('update-job', 'zoned', '-s', '@monthly');
    expect(await specOf('zoned')).toMatchObject({ schedule: '@monthly', timeZone: 'Europe/Berlin' });
    expect(await specOf('zoned')).not.toHaveProperty('moreSchedules');
  });

  test.each([
    [['plain'], 'nothing to change'],
    [['plain', '--suspend', '--resume'], 'cannot be combined'],
    [['plain', '--resume'], 'Job "plain" has no schedule to resume'],
    [['plain', '-s', 'foo'], 'not a valid cron schedule'],
    [['plain', '-c', 'x'], 'Always, Forbid or Replace'],
    [['plain', '--unset', 'name'], 'It must be one of command, args'],
    [['plain', '--timezone', 'x'], 'IANA'],
    [['nope', '--suspend'], 'taskschedules.kf.dev "nope" not found'],
  ])('%j is refused with the reason, and nothing is changed', async (args, reason) => {
    const before = await jobOf('plain');
    const { code, stderr } = await cli.run('update-job', ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
    expect(await jobOf('plain')).toEqual(before);
  });
});

describe('lists and descriptions', () => {
  beforeAll(async () => {
    await create('shown', 'exit 7', '-s', '0 2 1 1 *', '--timezone', 'Europe/Berlin', '-c', 'Forbid');
    await cli.run('run-job', 'shown', '--wait');
    const { metadata } = await jobOf('shown');
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

  test('job: in words, with what ran, what waits and why', async () => {
    const [task] = await tasksOf('shown');
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
    await create('busy', 'wait');
    await cli.ok('run-job', 'busy');
    const [task] = await tasksOf('busy');
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
    const [task] = await tasksOf('shown');
    expect(stderr).toBe('Listing the history of Job shown in Space: dev\n');
    expect(stdout.split('\n')[0]?.split(/ {2,}/)).toEqual(
      'Name,ID,DisplayName,Age,Duration,Succeeded,Reason,Scheduled,Message'.split(','),
    );
    expect(rows(stdout)).toMatchObject([
      { Name: '<none>', Reason: 'Skipped', Scheduled: '2026-02-01T02:00:00Z', Message: 'Task shown-1 has not ended' },
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
    await create('noisy', 'exit 0');
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
    await create('single', 'x', '-s', '@yearly');
    expect((await cli.run('delete-job-schedule', 'single', '9')).stderr).toContain('has no schedule with ID 9');
    expect((await cli.run('delete-job-schedule', 'single', 'x')).stderr).toContain('"x" is no ID of a schedule');
    const { stdout, stderr } = await cli.ok('delete-job-schedule', 'single', '1');
    expect({ stdout, stderr }).toEqual({ stdout: 'Job schedule for single deleted.\n', stderr: '' });
    expect(await specOf('single')).toMatchObject({ schedule: '@yearly', suspend: true });
    const again = await cli.run('delete-job-schedule', 'single');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('Job is already suspended.');
  });

  test('delete-job-schedule: of several an ID or --all', async () => {
    await create('several', 'x', '-s', '@yearly');
    await cli.ok('schedule-job', 'several', '@monthly', '--add');
    const { code, stderr } = await cli.run('delete-job-schedule', 'several');
    expect(code).toBe(1);
    expect(stderr).toContain('"@yearly" (ID 1, UTC), "@monthly" (ID 2, UTC)');
    expect(await cli.run('delete-job-schedule', 'several', '1', '--all')).toMatchObject({ code: 1 });
    expect((await cli.ok('delete-job-schedule', 'several', '--all')).stdout).toContain('deleted');
    const spec = await specOf('several');
    expect(spec.suspend).toBe(true);
    expect(spec).not.toHaveProperty('moreSchedules');
  });

  test('delete-job: says what goes with it, and waits', async () => {
    await create('doomed', 'exit 0');
    await cli.ok('run-job', 'doomed', '--wait');
    const { stderr } = await cli.ok('delete-job', 'doomed');
    expect(stderr).toBe(
      'Deleting Job "doomed" in Space "dev"\n1 Task of it, 0 unfinished, and their logs go with it.\nWaiting for deletion...\n',
    );
    expect(await tasksOf('doomed')).toEqual([]);
    expect(await cli.run('job', 'doomed')).toMatchObject({ code: 1 });
  });

  test('deleting an App or a Space counts and takes its Jobs', async () => {
    await cli.world.app('gone');
    await cli.ok('create-job', 'gone', 'goner', 'exit 0');
    await cli.ok('run-job', 'goner', '--wait');
    const { stderr } = await cli.ok('delete', 'gone');
    expect(stderr).toContain('1 Job and 1 Task of it, 0 unfinished, and their logs go with it.');
    expect(await cli.run('job', 'goner')).toMatchObject({ code: 1 });
    expect(await tasksOf('goner')).toEqual([]);
  });
});

describe('the table of next runs', () => {
  const job = (spec: Partial<TaskSchedule['spec']>): TaskSchedule => ({
    apiVersion: 'kf.dev/v1alpha1',
    kind: 'TaskSchedule',
    metadata: { name: 'job' },
    spec: { taskTemplate: { appRef: { name: 'app' } }, ...spec },
  });
  const now = Date.parse('2026-03-28T12:00:30Z');
  const table = (of: TaskSchedule, caller = 'UTC') => runsTable(nextRuns(of, now, 3), of, caller);

  test('over the change to summer time', () => {
    expect(table(job({ schedule: '30 3 * * *', timeZone: 'Europe/Berlin' }), 'America/New_York')).toBe(
      [
        "Europe/Berlin (the Job's)    America/New_York (yours)     UTC",
        'Sun 2026-03-29 03:30 +02:00  Sat 2026-03-28 21:30 -04:00  Sun 2026-03-29 01:30 +00:00',
        'Mon 2026-03-30 03:30 +02:00  Sun 2026-03-29 21:30 -04:00  Mon 2026-03-30 01:30 +00:00',
        'Tue 2026-03-31 03:30 +02:00  Mon 2026-03-30 21:30 -04:00  Tue 2026-03-31 01:30 +00:00',
        '',
      ].join('\n'),
    );
  });

  test('zones that are the same share a column; schedules that meet in a minute make one run', () => {
    const moreSchedules = [{ id: 2, schedule: '0 */6 * * *', timeZone: 'UTC' }];
    expect(table(job({ schedule: '0 18 * * *', moreSchedules }))).toBe(
      [
        "UTC (the Job's, yours)       Schedule ID",
        'Sat 2026-03-28 18:00 +00:00  1, 2',
        'Sun 2026-03-29 00:00 +00:00  2',
        'Sun 2026-03-29 06:00 +00:00  2',
        '',
      ].join('\n'),
    );
  });

  test('@every counts from its minute', () => {
    const runs = nextRuns(job({ schedule: '@every 90m' }), now, 2).map(({ at }) => new Date(at).toISOString());
    expect(runs).toEqual(['2026-03-28T13:30:00.000Z', '2026-03-28T15:00:00.000Z']);
  });
});
