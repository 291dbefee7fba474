import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labels } from '../../../src/resources/labels.ts';
import type { TestCli } from '../support.ts';
import { JobsCli, rows } from './support.ts';

let on: JobsCli;
let cli: TestCli;
beforeAll(async () => {
  on = await JobsCli.start();
  cli = on.cli;
  await on.create('plain', 'x');
});
afterAll(() => on.close());

describe('schedule-job', () => {
  test('sets, resumes, says the next runs; a second time warns and lists what it replaces', async () => {
    await on.create('nightly', 'exit 0');
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
    expect(await on.spec('nightly')).toMatchObject({
      schedule: '0 2 1 1 *',
      timeZone: 'America/New_York',
      missed: 'skip',
      suspend: false,
    });
    const { stderr } = await cli.ok('schedule-job', 'nightly', '@yearly');
    expect(stderr).toContain(
      'WARNING: Scheduling an already scheduled Job. This will overwrite the existing schedule.\nReplaced: "0 2 1 1 *" (ID 1, America/New_York)\n',
    );
    expect(await on.spec('nightly')).toMatchObject({ schedule: '@yearly', timeZone: 'America/New_York' });
  });

  test('--add; IDs are never used again', async () => {
    await on.create('many', 'exit 0');
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
    expect(await on.spec('many')).toMatchObject({ schedule: '0 2 1 1 *', timeZone: 'Asia/Tokyo', suspend: false });
    await cli.ok('schedule-job', 'many', '0 4 1 1 *', '--add', '--timezone', 'UTC');
    expect(await ids()).toMatchObject([
      { Schedule: '0 2 1 1 *', ID: '2' },
      { Schedule: '0 4 1 1 *', ID: '4', 'Time Zone': 'UTC' },
    ]);
    await cli.ok('schedule-job', 'many', '0 5 1 1 *');
    expect(await ids()).toMatchObject([{ Schedule: '0 5 1 1 *', ID: '5' }]);
  });

  test('--spread: a concrete minute that the name chooses, the same each time', async () => {
    await on.create('spread', 'exit 0', '-s', '0 2 1 1 *', '--spread');
    const { schedule } = await on.spec('spread');
    expect(schedule).toMatch(/^[1-9]\d? 2 1 1 \*$/);
    const { stderr } = await cli.ok('schedule-job', 'spread', '@yearly', '--spread');
    const minute = schedule!.split(' ')[0]!;
    expect(await on.spec('spread')).toMatchObject({ schedule: `${minute} 0 1 1 *` });
    expect(stderr).toContain(`-01-01 00:${minute.padStart(2, '0')} +00:00`);
    await cli.ok('schedule-job', 'spread', '0 3 1 1 *', '--add');
    await cli.ok('update-job', 'spread', '--spread');
    expect(await on.spec('spread')).toMatchObject({
      schedule: `${minute} 0 1 1 *`,
      moreSchedules: [{ schedule: `${minute} 3 1 1 *` }],
    });
    const before = await on.spec('spread');
    for (const argv of [
      ['schedule-job', 'spread', '@every 90m', '--spread'],
      ['update-job', 'plain', '--spread'],
      ['create-job', 'report', 'spread-2', 'x', '--spread'],
    ])
      expect(await cli.run(...argv)).toMatchObject({ code: 1, stderr: expect.stringContaining('--spread') });
    expect(await on.spec('spread')).toEqual(before);
  });

  test('a Space’s time zone holds for new schedules, and is written into the Job', async () => {
    await on.create('before', 'exit 0', '-s', '0 1 1 1 *');
    await cli.ok('configure-space', 'set-time-zone', 'Asia/Tokyo');
    await on.create('in-tokyo', 'exit 0', '-s', '0 1 1 1 *');
    await on.create('later', 'exit 0');
    await on.create('named', 'exit 0', '-s', '0 1 1 1 *', '--timezone', 'Europe/Berlin');
    await cli.ok('configure-space', 'set-time-zone', 'America/New_York');
    const { stderr } = await cli.ok('schedule-job', 'later', '0 1 1 1 *');
    expect(stderr).toMatch(/^ {2}America\/New_York \(the Job's\)/m);
    await cli.ok('schedule-job', 'in-tokyo', '0 2 1 1 *', '--add');
    await cli.ok('update-job', 'named', '-s', '0 3 1 1 *');
    await cli.ok('schedule-job', 'before', '0 2 1 1 *', '--add');
    await on.resetSpace();
    const zones = async (job: string) => {
      const { timeZone, moreSchedules = [] } = await on.spec(job);
      return [timeZone, ...moreSchedules.map((more) => more.timeZone)];
    };
    expect(await zones('before')).toEqual([undefined, 'America/New_York']);
    expect(await zones('in-tokyo')).toEqual(['Asia/Tokyo', 'Asia/Tokyo']);
    expect(await zones('later')).toEqual(['America/New_York']);
    expect(await zones('named')).toEqual(['Europe/Berlin']);
  });

  test('--preview only prints', async () => {
    await on.create('look', 'exit 0');
    const before = await on.job('look');
    const { stdout, stderr } = await cli.ok('schedule-job', 'look', '0 0 1 * *', '--preview', '5');
    expect(stdout.trimEnd().split('\n')).toHaveLength(6);
    expect(stdout.match(/-01 00:00 \+00:00/g)).toHaveLength(5);
    expect(stderr).toBe('');
    expect((await cli.ok('schedule-job', 'look', '@hourly', '--preview')).stdout.trimEnd().split('\n')).toHaveLength(4);
    expect((await on.job('look')).spec).toEqual(before.spec);
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
    const before = await on.job('look');
    const { code, stderr } = await cli.run('schedule-job', ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
    expect((await on.job('look')).spec).toEqual(before.spec);
  });

  test('--add to a suspended Job would resume others: refused, naming them', async () => {
    await on.create('asleep', 'exit 0', '-s', '@yearly');
    await cli.ok('update-job', 'asleep', '--suspend');
    const { code, stderr } = await cli.run('schedule-job', 'asleep', '@monthly', '--add');
    expect(code).toBe(1);
    expect(stderr).toContain('would resume "@yearly" (ID 1, UTC) too');
    expect(await on.spec('asleep')).toMatchObject({ schedule: '@yearly', suspend: true });
  });
});

describe('update-job', () => {
  test('changes what is named and keeps the rest', async () => {
    await on.create('change', 'old', '-m', '1G', '-e', 'A=1', '-e', 'B=1', '--timeout', '1h', '-s', '@yearly');
    const { stdout } = await cli.ok(
      ...['update-job', 'change', '--command', 'new', '-c', 'Replace', '-e', 'B=2', '--missed', 'skip'],
      ...['--missed-within', '2h', '-k', '3G', '--unset', 'timeout', '--unset', '--memory-limit'],
    );
    expect(stdout).toBe('Job change updated.\n');
    expect(await on.spec('change')).toEqual({
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
    const { missedWithin, taskTemplate } = await on.spec('change');
    expect({ missedWithin, env: taskTemplate?.env }).toEqual({ env: [{ name: 'C', value: '3' }] });
  });

  test('--suspend and --resume; --timezone and --schedule', async () => {
    await on.create('zoned', 'x', '-s', '0 2 1 1 *');
    await cli.ok('schedule-job', 'zoned', '0 3 1 1 *', '--add');
    expect((await cli.ok('update-job', 'zoned', '--suspend')).stderr).toBe('');
    expect((await on.job('zoned')).metadata.labels).toMatchObject({ [labels.jobSuspend]: 'true' });
    expect((await cli.ok('update-job', 'zoned', '--suspend')).stderr).toContain('was suspended already');
    expect((await cli.ok('job-schedules')).stdout).not.toContain('zoned');
    const { stderr } = await cli.ok('update-job', 'zoned', '--resume', '--timezone', 'Europe/Berlin');
    expect(stderr).toContain('Next runs:');
    expect(await on.spec('zoned')).toMatchObject({
      suspend: false,
      timeZone: 'Europe/Berlin',
      moreSchedules: [{ id: 2, schedule: '0 3 1 1 *', timeZone: 'Europe/Berlin' }],
    });
    await cli.ok('update-job', 'zoned', '-s', '@monthly');
    expect(await on.spec('zoned')).toMatchObject({ schedule: '@monthly', timeZone: 'Europe/Berlin' });
    expect(await on.spec('zoned')).not.toHaveProperty('moreSchedules');
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
    const before = await on.job('plain');
    const { code, stderr } = await cli.run('update-job', ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
    expect(await on.job('plain')).toEqual(before);
  });
});
