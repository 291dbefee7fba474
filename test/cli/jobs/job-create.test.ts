import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestCli } from '../support.ts';
import { JobsCli } from './support.ts';

let on: JobsCli;
let cli: TestCli;
beforeAll(async () => {
  on = await JobsCli.start();
  cli = on.cli;
});
afterAll(() => on.close());

describe('create-job', () => {
  test('without a schedule: Kf’s words and placeholder, owned by the App', async () => {
    const { stdout, stderr } = await cli.ok('create-job', 'report', 'plain', 'node etl.js');
    expect(stdout).toBe('');
    expect(stderr).toBe('Job plain created.\nWaiting for Job to become ready...\nSuccess\n');
    const { spec, metadata } = await on.job('plain');
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
    expect(await on.spec('full')).toEqual({
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
    expect(stderr).toMatch(
      /^Schedules run only while the server runs\. To start it at boot and after a crash: sudo .*kf server enable$/m,
    );
    const cluster = await cli.ok(...'create-job report far x -s @yearly --space dev --context prod'.split(' '));
    expect(cluster.stderr).toMatch(/^Using context "prod", Space "dev"\n/);
    expect(cluster.stderr).not.toContain('server runs');
  });

  test('the exact argv instead of a command; TZ= means --timezone', async () => {
    await cli.ok('create-job', 'report', 'argv', '--args', 'python3', '-s', 'TZ=Asia/Tokyo  0 2 * * *', '--async');
    expect(await on.spec('argv')).toMatchObject({ schedule: '0 2 * * *', timeZone: 'Asia/Tokyo' });
    expect((await on.spec('argv')).taskTemplate).toEqual({ appRef: { name: 'report' }, args: ['python3'] });
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
    const before = (await on.jobs()).length;
    const { code, stdout, stderr } = await cli.run('create-job', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'FAIL\n' });
    expect(stderr).toContain(reason);
    expect((await on.jobs()).length).toBe(before);
  });

  test('52 letters are a name, and a slot’s Task fits', async () => {
    const name = 'j'.repeat(52);
    await on.create(name, 'exit 0');
    expect((await cli.ok('run-job', name, '--wait')).stderr).toContain(`Task ${name}-`);
  });
});
