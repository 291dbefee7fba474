/** Posts of failures reach a real receiver, whoever is down in between. */

import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { finished, startTask } from '../support/kf-tasks.ts';
import { type Received, Receiver } from '../support/receiver.ts';

let kf: Kf;
let receiver: Receiver;
let secret: string;
beforeAll(async () => {
  kf = await Kf.create();
  receiver = await Receiver.start();
  await kf.push('report', { 'data.txt': 'x' }, '-c', 'true');
  const { stdout } = await kf.ok('configure-space', 'set-notify', receiver.url);
  secret = /whsec_(\S+)/.exec(stdout)![1]!;
});
afterAll(async () => {
  await kf.remove();
  await receiver.close();
});

const isSigned = ({ headers, text }: Received): boolean => {
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
  const signature = createHmac('sha256', Buffer.from(secret, 'base64')).update(content).digest('base64');
  return headers['webhook-signature'] === `v1,${signature}`;
};

const states = async (): Promise<readonly string[]> => {
  const { items } = await kf.json<{
    items: { status?: { conditions?: { reason: string }[] } }[];
  }>('notifications');
  return items.map(({ status }) => status?.conditions?.[0]?.reason ?? 'none');
};

test('a failure is posted with the last lines of its log', async () => {
  const name = await startTask(kf, 'report', 'seq 1 30; printf "\\377\\n" >&2; exit 3');
  const [post] = await receiver.until('failed');
  expect(isSigned(post!)).toBe(true);
  const { text, data } = post!.json;
  expect(text).toContain(`Task ${name} (ID 1), App report in Space dev, failed: exit code 3.`);
  expect(data.task).toMatchObject({ name, number: 1, exitCode: 3, createdBy: 'admin' });
  expect(data.log.lines).toHaveLength(20);
  expect(data.log.lines).toEqual(expect.arrayContaining(['30', '\ufffd']));
  const command = data.seeAlso.split(' ').slice(1);
  expect((await kf.ok(...command)).stdout).toContain('30\n');
});

test('killed between the failure and its delivery, it is delivered all the same, under one id', async () => {
  const { port } = receiver;
  await receiver.close();
  const names = [await startTask(kf, 'report', 'exit 4'), await startTask(kf, 'report', 'exit 5')];
  for (const name of names) await finished(kf, name);
  const running = await startTask(kf, 'report', 'sleep 1; exit 6');
  await kf.killServer();
  receiver = await Receiver.start(port);
  await kf.ok('server', 'start');
  await finished(kf, running);
  const posts = await receiver.until('failed', 3);
  const codes = new Map(posts.map(({ headers, json }) => [headers['webhook-id'], json.data.task.exitCode]));
  expect([...codes.values()].sort()).toEqual([4, 5, 6]);
  expect(posts.every(isSigned)).toBe(true);
  await expect.poll(states).toEqual(['Delivered', 'Delivered', 'Delivered', 'Delivered']);
});

test('a Job that fails and then succeeds has recovered', async () => {
  await kf.ok('create-job', 'report', 'nightly', 'exit 7');
  expect((await kf.run(['run-job', 'nightly', '--wait'])).code).toBe(7);
  await kf.ok('update-job', 'nightly', '--command', 'true');
  await kf.ok('run-job', 'nightly', '--wait');
  const [post] = await receiver.until('recovered');
  expect(post!.json.text).toMatch(
    /^Job nightly of App report in Space dev has recovered: succeeded after the failure of/,
  );
  expect(receiver.of('failed').at(-1)!.json.data).toMatchObject({ job: 'nightly', task: { exitCode: 7 } });
});

test('a run of a Job that is no Task is told of, too, with its log', async () => {
  const file = join(kf.home, 'run.yaml');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      spec: {
        taskSpec: { steps: [{ image: 'kf.local/stack/host', command: ['sh', '-c', 'echo from a TaskRun; exit 9'] }] },
      },
    }),
  );
  await kf.ok('create-job', 'direct', '--from-file', file);
  const before = receiver.of('failed').length;
  await kf.run(['run-job', 'direct', '--wait']);
  const { json } = (await receiver.until('failed', before + 1)).at(-1)!;
  expect(json.text).toMatch(/^Run direct-\S+ of Job direct, Space dev, failed: /);
  expect(json.data.log.lines).toContain('from a TaskRun');
});

test('metadata services are never asked', async () => {
  await kf.ok('configure-space', 'set-notify', 'http://169.254.169.254/latest');
  const { code, stderr } = await kf.run(['configure-space', 'test-notify']);
  expect(code).toBe(1);
  expect(stderr).toContain('not delivered: 169.254.169.254 is a link-local, metadata or multicast address');
});
