import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { startJobEventsController } from '../../../src/controllers/notify/job-events-controller.ts';
import { startNotificationController } from '../../../src/controllers/notify/notification-controller.ts';
import { Secret } from '../../../src/resources/core/kinds.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import { isNotFound } from '../../../src/resources/status.ts';
import { answer, Receiver } from '../../support/receiver.ts';
import { JobsCli, rows } from '../jobs/support.ts';

let jobs: JobsCli;
let receiver: Receiver;
let stop: () => Promise<void>;
beforeAll(async () => {
  jobs = await JobsCli.start();
  receiver = await Receiver.start();
  const options = { client: jobs.cli.server.client, clock: systemClock };
  const controllers = [
    startJobEventsController(options),
    startNotificationController({ ...options, async *readLog() {} }),
  ];
  stop = async () => {
    await Promise.all(controllers.map((controller) => controller.stop()));
    await jobs.close();
    await receiver.close();
  };
});
afterAll(() => stop());

const configure = (...argv: readonly string[]) => jobs.cli.run('configure-space', ...argv);
const notifyOf = async () => (await jobs.cli.server.client.get(Space, { name: 'dev' })).spec?.taskConfig?.notify;
const secretOf = async (name: string) => {
  const { data } = await jobs.cli.server.client.get(Secret, { namespace: 'dev', name });
  return Buffer.from(data?.secret ?? '', 'base64').toString();
};

describe('of a Space', () => {
  test('set, with a secret that is shown once; tested; listed; unset', async () => {
    expect((await configure('test-notify')).stderr).toContain('notifies nobody');
    const set = await configure('set-notify', receiver.url, '--on', 'recovered,failed');
    expect(set.code).toBe(0);
    const [, secret] = /Signing secret, shown this once: (whsec_\S+)\n/.exec(set.stdout)!;
    expect(await secretOf('kf-notify')).toBe(secret);
    expect(await notifyOf()).toEqual({ url: receiver.url, on: ['failed', 'recovered'], secretName: 'kf-notify' });
    const again = await configure('set-notify', 'dev', receiver.url);
    expect(again.stdout + again.stderr).not.toContain(secret);
    expect(await secretOf('kf-notify')).toBe(secret);
    expect((await jobs.cli.ok('space')).stdout).toMatch(
      /Notifies: +http:\/\/127\.0\.0\.1:\d+\/… \(failed, missed, skipped, recovered\)/,
    );
    expect(await configure('test-notify')).toMatchObject({ code: 0, stdout: 'Delivered: HTTP 204\n' });
    expect((await receiver.until('test'))[0]!.json.text).toContain('This is a test: Space dev');
    receiver.answers.push(answer(500));
    const refused = await configure('test-notify');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('not delivered: HTTP 500; it is tried again for 24 hours');
    const listed = rows((await jobs.cli.ok('notifications')).stdout);
    expect(listed.map((row) => [row.Event, row.State, row.Attempts, row.Message]).sort()).toEqual([
      ['test', 'Delivered', '1', 'HTTP 204'],
      ['test', 'Pending', '1', 'HTTP 500'],
    ]);
    expect(await configure('unset-notify')).toMatchObject({ code: 0 });
    expect(await notifyOf()).toBeUndefined();
    await expect(secretOf('kf-notify')).rejects.toSatisfy(isNotFound);
  });

  test('a secret of one’s own, also from a file', async () => {
    await configure('set-notify', receiver.url, '--secret', 'sixteen characters');
    expect(await secretOf('kf-notify')).toBe('sixteen characters');
    const file = join(jobs.cli.home, 'secret.txt');
    await writeFile(file, 'another one of my secrets\n');
    expect((await configure('set-notify', receiver.url, '--secret', `@${file}`)).code).toBe(0);
    expect(await secretOf('kf-notify')).toBe('another one of my secrets');
    await configure('unset-notify');
  });

  test.each([
    [['ftp://x'], 'ftp://x'],
    [['http://u:p@x/'], 'user and password'],
    [['http://x', '--on', 'failed,exploded'], 'exploded'],
    [['http://x', '--secret', 'short'], '16 characters'],
    [['http://x', '--secret', 'whsec_abc'], '24 to 64 bytes'],
    [['http://x', '--secret', '@/no/such/file'], '/no/such/file'],
  ])('%s is refused, nothing changes', async (words, named) => {
    const { code, stderr } = await configure('set-notify', ...words);
    expect(code).toBe(1);
    expect(stderr).toContain(named);
    expect(await notifyOf()).toBeUndefined();
    await expect(secretOf('kf-notify')).rejects.toSatisfy(isNotFound);
  });
});

describe('of a Job', () => {
  test('set at creation, changed, taken back; the secret goes with it', async () => {
    const created = await jobs.create('n1', 'exit 1', '--notify', receiver.url, '--expect-every', '26h');
    expect(created.stdout).toContain('Signing secret, shown this once: whsec_');
    expect(await jobs.spec('n1')).toMatchObject({
      expectEvery: '26h',
      notify: { url: receiver.url, secretName: 'kf-notify-n1' },
    });
    expect((await jobs.cli.ok('job', 'n1')).stdout).toMatch(/Expected: +a success every 26h \(not counted/);
    await jobs.cli.ok('schedule-job', 'n1', '0 2 * * *', '--notify-on', 'missed');
    expect((await jobs.spec('n1')).notify?.on).toEqual(['missed']);
    await expect
      .poll(async () => (await jobs.cli.ok('job', 'n1')).stdout)
      .toMatch(/Expected: +a success every 26h: due within 25h/);
    await jobs.cli.ok('update-job', 'n1', '--unset', 'notify', '--unset', 'expect-every');
    expect(await jobs.spec('n1')).not.toHaveProperty('notify');
    expect(await jobs.spec('n1')).not.toHaveProperty('expectEvery');
    await expect(secretOf('kf-notify-n1')).rejects.toSatisfy(isNotFound);
  });

  test('a failure is posted, with the Job’s name', async () => {
    await jobs.create('n2', 'exit 7', '--notify', receiver.url);
    await jobs.cli.run('run-job', 'n2', '--wait');
    const [post] = await receiver.until('failed');
    expect(post!.json.data).toMatchObject({ job: 'n2', task: { exitCode: 7 } });
  });

  test('a success that is overdue stands in kf jobs and kf job', async () => {
    await jobs.create('n4', 'exit 0', '-s', '@yearly', '--expect-every', '1m');
    const ref = { namespace: 'dev', name: 'n4' };
    await jobs.cli.world.until(TaskSchedule, ref, ({ status }) => status?.told?.expected !== undefined);
    const told = { expected: { every: '1m', since: '2026-01-01T00:00:00Z' } };
    const { client } = jobs.cli.server;
    await client.patch(TaskSchedule, ref, { type: 'merge', body: { status: { told } } }, { subresource: 'status' });
    expect((await jobs.cli.ok('jobs')).stdout).toMatch(/n4 .*OVERDUE; none yet/);
    expect((await jobs.cli.ok('job', 'n4')).stdout).toMatch(/Expected: +a success every 1m: OVERDUE, none for \d+d/);
  });

  test('an expectation that nobody would hear of says so', async () => {
    await jobs.create('n3', 'exit 0');
    const { stderr } = await jobs.cli.ok('update-job', 'n3', '--expect-every', '1h');
    expect(stderr).toContain('Nobody is told yet when a success is overdue: kf update-job n3 --notify URL');
  });

  test.each([
    [['--notify-on', 'failed'], '--notify'],
    [['--notify', 'nowhere'], 'nowhere'],
    [['--notify-on', 'ended', '--notify', 'http://x'], 'ended'],
    [['--expect-every', '10s'], 'one minute'],
    [['--expect-every', 'daily'], 'one minute'],
  ])('%s is refused, nothing changes', async (words, named) => {
    const { code, stderr } = await jobs.cli.run('create-job', 'report', 'bad', 'exit 0', '--async', ...words);
    expect(code).toBe(1);
    expect(stderr).toContain(named);
    expect((await jobs.jobs()).map(({ metadata }) => metadata.name)).not.toContain('bad');
  });
});
