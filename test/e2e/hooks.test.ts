/** A real curl posts to a hook; the body is a file in the Task. */

import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { finished, logOf, outcome } from '../support/kf-tasks.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('report', { 'data.txt': 'x' }, '-c', 'true');
});
afterAll(() => kf.remove());

const curl = async (...args: readonly string[]) => {
  const all = ['-sS', '--cacert', join(kf.dataDir, 'ca.crt'), '-w', '\n%{http_code}', ...args];
  const { stdout } = await promisify(execFile)('curl', all);
  const at = stdout.lastIndexOf('\n');
  return { code: Number(stdout.slice(at + 1)), json: JSON.parse(stdout.slice(0, at)) };
};

const secret = 'a secret shared with GitHub';
let url: string;

test('curl posts, a Task reads the body; the printed line works as it is', async () => {
  const line = 'id -un; stat -c %a "$KF_HOOK_BODY"; cat "$KF_HOOK_BODY"; echo " $KF_HOOK_EVENT $KF_HOOK_QUERY"';
  const created = await kf.ok('create-hook', 'report', '-c', line, '--secret', secret);
  url = created.stdout.trim();
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/hooks\/dev\/report\/[\w-]{43}$/);
  const answer = await curl('-d', '{"ref":"main"}', '-H', 'X-GitHub-Event: push', `${url}?a=1`);
  expect(answer).toMatchObject({ code: 202, json: { space: 'dev', repeated: false } });
  const task = await finished(kf, answer.json.task);
  expect(outcome(task)).toMatchObject({ exitCode: 0, status: 'True' });
  expect(await logOf(kf, answer.json.task)).toBe('vcap\n644\n{"ref":"main"} push a=1\n');
  const tip = /^Try it: (curl .*)$/m.exec(created.stderr)![1]!;
  const { stdout } = await promisify(execFile)('sh', ['-c', tip]);
  expect(JSON.parse(stdout)).toMatchObject({ space: 'dev', repeated: false });
  expect((await kf.ok('hooks')).stdout).toMatch(/report +report +<nil> +\S+ +report-hook-\S+ +accepted/);
});

test('a delivery of 1 MiB, signed as by GitHub: whole in the Task, once, also over a killed server', async () => {
  const body = Buffer.alloc(2 ** 20, 'kf hook ');
  const file = join(kf.home, 'body');
  await writeFile(file, body);
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const unsigned = (): string => url.replace(/\/[^/]*$/, '');
  const deliver = () =>
    curl(
      '--data-binary',
      `@${file}`,
      '-H',
      `X-Hub-Signature-256: sha256=${signature}`,
      '-H',
      'X-GitHub-Delivery: 1',
      unsigned(),
    );
  await kf.ok('delete-hook', 'report');
  expect((await curl('-d', 'x', url)).code).toBe(401);
  const created = await kf.ok('create-hook', 'report', '-c', 'sha1sum < "$KF_HOOK_BODY"; sleep 1', '--secret', secret);
  url = created.stdout.trim();
  const first = await deliver();
  expect(first).toMatchObject({ code: 202, json: { repeated: false } });
  await kf.killServer();
  await kf.ok('server', 'start');
  const { port } = new URL((await kf.json<{ url: string }>('server', 'status')).url);
  url = url.replace(/:\d+\//, `:${port}/`);
  expect(await deliver()).toMatchObject({ code: 202, json: { task: first.json.task, repeated: true } });
  await finished(kf, first.json.task);
  const { stdout } = await promisify(execFile)('sha1sum', [file]);
  expect(await logOf(kf, first.json.task)).toBe(`${stdout.split(' ')[0]}  -\n`);
  await writeFile(file, Buffer.alloc(2 ** 20 + 1));
  expect((await curl('--data-binary', `@${file}`, url)).code).toBe(413);
});
