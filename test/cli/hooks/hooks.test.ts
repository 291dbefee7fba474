import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/resources/core/kinds.ts';
import { Hook } from '../../../src/resources/kf/hook.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { JobsCli, rows } from '../jobs/support.ts';

let jobs: JobsCli;
beforeAll(async () => {
  jobs = await JobsCli.start();
  await jobs.create('nightly', 'exit 0');
});
afterAll(() => jobs.close());

const hookOf = (name: string) => jobs.cli.server.client.get(Hook, { namespace: 'dev', name });
const post = (url: string) =>
  jobs.cli.server.request('POST', url.slice(jobs.cli.server.url.length), { token: null, body: 'x' });

describe('create-hook', () => {
  test('of an App: the URL on stdout, its token kept as a hash, flags of the Task in it', async () => {
    const { stdout, stderr } = await jobs.cli.ok('create-hook', 'report', '-c', 'exit 0', '-m', '64M', '-e', 'A=b');
    const url = stdout.trim();
    const token = url.split('/').at(-1)!;
    expect(url).toBe(`${jobs.cli.server.url}/hooks/dev/report/${token}`);
    expect(stderr).toContain(`curl --cacert ${jobs.cli.home}/kf/ca.crt -d hello ${url}`);
    const { spec } = await hookOf('report');
    expect(spec.taskTemplate).toEqual({
      appRef: { name: 'report' },
      command: 'exit 0',
      memory: '64Mi',
      env: [{ name: 'A', value: 'b' }],
    });
    const secret = await jobs.cli.server.client.get(Secret, { namespace: 'dev', name: spec.secretName });
    const kept = Buffer.from(secret.data!.token!, 'base64').toString();
    expect(kept).toBe(createHash('sha256').update(token).digest('hex'));
    const { status, json } = await post(url);
    expect(status).toBe(202);
    expect((await jobs.cli.server.client.get(Task, { namespace: 'dev', name: json.task })).spec.memory).toBe('64Mi');
    expect((await jobs.cli.run('create-hook', 'report')).stderr).toContain('Hook "report" exists already');
  });

  test('of a Job, as it is', async () => {
    const { stdout } = await jobs.cli.ok('create-hook', 'nightly', '--name', 'deploy');
    expect((await hookOf('deploy')).spec.jobRef).toEqual({ name: 'nightly' });
    const { json } = await post(stdout.trim());
    expect((await jobs.tasks('nightly')).map(({ metadata }) => metadata.name)).toEqual([json.task]);
    const refused = await jobs.cli.run('create-hook', 'nightly', '--name', 'other', '-c', 'exit 1');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('runs the Job as it is');
  });

  test('where an App and a Job have one name, it must be said which', async () => {
    await jobs.create('report', 'exit 0');
    const both = await jobs.cli.run('create-hook', 'report', '--name', 'two');
    expect(both.stderr).toContain('"report" is an App and a Job: say --app or --job');
    await jobs.cli.ok('create-hook', 'report', '--name', 'two', '--job');
    expect((await hookOf('two')).spec.jobRef).toEqual({ name: 'report' });
  });

  test.each([
    [['nothing'], 'there is no App or Job "nothing"'],
    [['nothing', '--job'], 'there is no Job "nothing"'],
    [['report', '--app', '--name', 'Not_A_Name'], 'Not_A_Name'],
    [['report', '--app', '--name', 'x', '--secret', 'short'], '16 characters'],
    [['report', '--app', '--name', 'x', '-m', 'lots'], 'lots'],
  ])('%s is refused, nothing changes', async (words, named) => {
    const before = (await jobs.cli.server.client.list(Hook)).items.length;
    const { code, stderr } = await jobs.cli.run('create-hook', ...words);
    expect(code).toBe(1);
    expect(stderr).toContain(named);
    expect((await jobs.cli.server.client.list(Hook)).items).toHaveLength(before);
  });
});

test('hooks lists them with their URLs, without tokens; delete-hook ends them', async () => {
  const url = (await jobs.cli.ok('create-hook', 'report', '--app', '--name', 'gone')).stdout.trim();
  const listed = rows((await jobs.cli.ok('hooks')).stdout);
  expect(listed.find(({ Name }) => Name === 'gone')).toMatchObject({
    App: 'report',
    Job: '<nil>',
    URL: url.replace(/\/[^/]*$/, ''),
  });
  expect((await jobs.cli.ok('hooks', '-o', 'name')).stdout).toContain('hook.kf.dev/gone\n');
  await jobs.cli.ok('delete-hook', 'gone');
  expect((await post(url)).status).toBe(401);
  const again = await jobs.cli.run('delete-hook', 'gone');
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toContain('hooks.kf.dev "gone" not found in Space "dev"');
});
