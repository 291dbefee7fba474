import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { startTaskScheduleController } from '../../../src/controllers/task-schedule/task-schedule-controller.ts';
import { conditionOf } from '../../../src/resources/condition.ts';
import { Secret } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { Hook } from '../../../src/resources/kf/hook.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import { annotations, labels } from '../../../src/resources/labels.ts';
import { controllerOf, controllerRef } from '../../../src/resources/meta.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { World } from '../../controllers/world.ts';
import { type RequestOptions, startServer, type TestServer } from '../http/support.ts';

let server: TestServer;
let world: World;
let stop: () => Promise<void>;
beforeEach(async () => {
  server = await startServer();
  world = new World(server.client, server.client);
  const jobs = startTaskScheduleController({ client: server.client, clock: systemClock });
  stop = async () => {
    await jobs.stop();
    await world.stop();
    await server.close();
  };
  await world.app('report');
});
afterEach(() => stop());

const namespace = 'dev';
const token = 'a-token-that-nobody-guesses';
const signingSecret = 'shared with GitHub';

async function makeHook(name: string, spec: Partial<Hook['spec']>, signed = false): Promise<Hook> {
  const hook = await server.client.create(Hook, { metadata: { name, namespace }, spec: { secretName: name, ...spec } });
  await server.client.create(Secret, {
    metadata: { name, namespace, ownerReferences: [controllerRef(hook)] },
    stringData: {
      token: createHash('sha256').update(token).digest('hex'),
      ...(signed ? { signingSecret } : {}),
    },
  });
  return hook;
}

const ofApp = (command = 'exit 0') => ({ taskTemplate: { appRef: { name: 'report' }, command } });

const post = (path: string, body: string | Buffer = 'hello', options: RequestOptions = {}) =>
  server.request('POST', `/hooks/dev/${path}`, { token: null, body, ...options });

const tasks = async () => (await server.client.list(Task, { namespace })).items;

async function bodyOf(task: string): Promise<Buffer> {
  const { spec } = await server.client.get(Task, { namespace, name: task });
  const secret = await server.client.get(Secret, { namespace, name: spec.inputs!.at(-1)!.secretName });
  return Buffer.from(secret.data!.body!, 'base64');
}

describe('of an App', () => {
  test('a POST runs a Task; body, headers and query are there; the answer names the Task', async () => {
    await makeHook('deploy', ofApp());
    const body = Buffer.from([0, 255, 10, 65]);
    const answer = await post(`deploy/${token}?branch=main`, body, {
      headers: { 'content-type': 'application/x-thing', 'x-github-event': 'push', host: 'hooks.example.org' },
    });
    expect(answer.status).toBe(202);
    const { task } = answer.json;
    expect(answer.json).toEqual({ space: 'dev', task, repeated: false, waiting: false });
    expect(task).toMatch(/^report-hook-/);
    const made = await world.final(task);
    expect(conditionOf(made, 'Succeeded')?.status).toBe('True');
    expect(made.metadata.annotations?.[annotations.createdBy]).toBe('hook deploy');
    expect(made.metadata.labels?.[labels.hook]).toBe('deploy');
    expect(Object.fromEntries(made.spec.env!.map(({ name, value }) => [name, value]))).toEqual({
      KF_HOOK_NAME: 'deploy',
      KF_HOOK_BODY: '/run/kf/hook/body',
      KF_HOOK_CONTENT_TYPE: 'application/x-thing',
      KF_HOOK_EVENT: 'push',
      KF_HOOK_QUERY: 'branch=main',
    });
    expect(await bodyOf(task)).toEqual(body);
    const [pod] = (await server.client.list(Pod, { namespace })).items;
    expect(pod?.spec.containers[0]?.volumeMounts).toEqual([
      { name: 'kf-input-0', mountPath: '/run/kf/hook', readOnly: true },
    ]);
    const used = await world.until(Hook, { namespace, name: 'deploy' }, ({ status }) => status?.lastTask !== undefined);
    expect(used.status).toMatchObject({ lastTask: task, lastResult: 'accepted' });
  });

  test('a delivery that is repeated, also at the same time, runs once', async () => {
    await makeHook('deploy', ofApp());
    const headers = { 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' };
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(`deploy/${token}`, 'x', { headers })));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(new Set(answers.map(({ json }) => json.task)).size).toBe(1);
    expect(answers.filter(({ json }) => !json.repeated)).toHaveLength(1);
    expect((await post(`deploy/${token}`, 'x', { headers })).json.repeated).toBe(true);
    expect((await post(`deploy/${token}`, 'x', { headers: { 'idempotency-key': 'another' } })).json.repeated).toBe(
      false,
    );
    expect(await tasks()).toHaveLength(2);
    const bodies = (await server.client.list(Secret, { namespace, labelSelector: labels.hook })).items;
    expect(bodies.map((secret) => controllerOf(secret)?.kind)).toEqual(['Task', 'Task']);
  });

  test('the token in a header; none, a wrong one, or no such hook: 401, the same for all', async () => {
    await makeHook('deploy', ofApp());
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { 'x-kf-token': token },
      { 'x-gitlab-token': token },
    ] as Record<string, string>[])
      expect((await post('deploy', 'x', { headers })).status).toBe(202);
    const refused = [
      await post('deploy'),
      await post('deploy/wrong'),
      await post('deploy/wrong', 'x', { headers: { 'x-kf-token': token } }),
      await post(`deploy/${createHash('sha256').update(token).digest('hex')}`),
      await post(`nothing/${token}`),
      await post('deploy', 'x', { headers: { authorization: `Bearer ${server.token}` } }),
      await post('deploy', 'x', { headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } }),
    ];
    expect(new Set(refused.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(refused[0]!.status).toBe(401);
    expect(await tasks()).toHaveLength(3);
    expect((await server.request('GET', '/apis/kf.dev/v1alpha1/tasks', { token })).status).toBe(401);
  });

  test('a signature as GitHub’s, where a secret was chosen', async () => {
    await makeHook('signed', ofApp(), true);
    const sign = (body: string, secret = signingSecret) => ({
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    });
    expect((await post('signed', '{"a":1}', { headers: sign('{"a":1}') })).status).toBe(202);
    expect((await post('signed', '{"a":2}', { headers: sign('{"a":1}') })).status).toBe(401);
    expect((await post('signed', '{}', { headers: sign('{}', 'another') })).status).toBe(401);
    expect((await post(`signed/${token}`, '{}')).status).toBe(202);
    // Whoever has no key learns nothing: the same answers where there is no such hook, or none that is signed.
    await makeHook('unsigned', ofApp());
    for (const size of [10, 2 ** 20 + 1]) {
      const body = Buffer.alloc(size);
      const answers = await Promise.all(
        ['signed', 'unsigned', 'nothing'].map((name) => post(name, body, { headers: sign('other') })),
      );
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    }
    expect(await tasks()).toHaveLength(2);
  });

  test('what is too large, too often, or no POST', async () => {
    await makeHook('deploy', ofApp('wait'));
    expect((await post(`deploy/${token}`, Buffer.alloc(2 ** 20))).status).toBe(202);
    expect((await post(`deploy/${token}`, Buffer.alloc(2 ** 20 + 1))).status).toBe(413);
    expect((await server.request('GET', `/hooks/dev/deploy/${token}`, { token: null })).status).toBe(405);
    expect((await post(`deploy/${token}/more`)).status).toBe(404);
    const headers = { 'idempotency-key': 'x'.repeat(300) };
    expect((await post(`deploy/${token}`, '', { headers })).status).toBe(400);
    const many = await Promise.all(
      Array.from({ length: 80 }, () => post(`deploy/${token}`, '', { headers: { 'webhook-id': 'one' } })),
    );
    const limited = many.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(Number(limited[0]!.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('an App that is gone: 404, and nothing is left', async () => {
    await makeHook('deploy', { taskTemplate: { appRef: { name: 'gone' } } });
    const answer = await post(`deploy/${token}`);
    expect(answer.status).toBe(404);
    expect(answer.json.message).toBe('App "gone" does not exist any more');
    expect((await server.client.list(Secret, { namespace, labelSelector: labels.hook })).items).toEqual([]);
  });

  test('the body goes with the Task', async () => {
    await makeHook('deploy', ofApp());
    const { task } = (await post(`deploy/${token}`)).json;
    await world.final(task);
    const { spec } = await server.client.get(Task, { namespace, name: task });
    await server.client.delete(Task, { namespace, name: task });
    await world.untilGone(Secret, { namespace, name: spec.inputs![0]!.secretName });
  });
});

describe('of a Job', () => {
  const job = (concurrencyPolicy: 'Always' | 'Forbid' | 'Replace', command: string) =>
    server.client.create(TaskSchedule, {
      metadata: { name: 'nightly', namespace },
      spec: { concurrencyPolicy, suspend: true, taskTemplate: { appRef: { name: 'report' }, command } },
    });
  const ofJob = { jobRef: { name: 'nightly' } };
  const started = (name: string) =>
    world.until(Task, { namespace, name }, (task) => task.status?.startTime !== undefined);

  test('Always: runs, as the Job', async () => {
    await job('Always', 'exit 0');
    await makeHook('deploy', ofJob);
    const { status, json } = await post(`deploy/${token}`, 'payload');
    expect([status, json.waiting]).toEqual([202, false]);
    const task = await world.final(json.task);
    expect(task.metadata.labels?.[labels.jobOwner]).toBe('nightly');
    expect((await bodyOf(json.task)).toString()).toBe('payload');
  });

  test.each(['TaskRun', 'PipelineRun'] as const)('that carries a %s: its steps see the request', async (kind) => {
    const step = { name: 'main', image: 'kf.local/stack/host', command: ['sh', '-c', 'exit 0'] };
    const taskSpec = { steps: [{ ...step, env: [{ name: 'KF_HOOK_QUERY', value: 'mine' }] }] };
    const template =
      kind === 'TaskRun'
        ? { taskRunTemplate: { spec: { taskSpec } } }
        : { pipelineRunTemplate: { spec: { pipelineSpec: { tasks: [{ name: 'one', taskSpec }] } } } };
    await server.client.create(TaskSchedule, {
      metadata: { name: 'checks', namespace },
      spec: { concurrencyPolicy: 'Always', suspend: true, ...template } as TaskSchedule['spec'],
    });
    await makeHook('deploy', { jobRef: { name: 'checks' } });
    const headers = { 'x-github-delivery': 'one' };
    const path = `deploy/${token}?a=$(params.secret)`;
    const { status, json } = await post(path, 'payload', { headers });
    const name = json[kind === 'TaskRun' ? 'taskRun' : 'pipelineRun'];
    expect([status, json]).toEqual([
      202,
      { space: 'dev', [`${kind[0]!.toLowerCase()}${kind.slice(1)}`]: name, repeated: false, waiting: false },
    ]);
    expect((await post(path, 'payload', { headers })).json).toMatchObject({ repeated: true });
    const Kind = kind === 'TaskRun' ? TaskRun : PipelineRun;
    await world.until(Kind, { namespace, name }, (run) => conditionOf(run, 'Succeeded')?.status === 'True');
    const [pod, ...others] = (await server.client.list(Pod, { namespace })).items;
    expect(others).toEqual([]);
    const container = pod!.spec.containers[0]!;
    expect(container.volumeMounts).toContainEqual({ name: 'kf-hook', mountPath: '/run/kf/hook', readOnly: true });
    const [secret] = (await server.client.list(Secret, { namespace, labelSelector: labels.hook })).items;
    expect(pod!.spec.volumes).toContainEqual({
      name: 'kf-hook',
      secret: { secretName: secret!.metadata.name, items: [{ key: 'body', path: 'body' }] },
    });
    expect(controllerOf(secret!)).toMatchObject({ kind, name });
    const env = new Map(container.env!.map((variable) => [variable.name, variable]));
    expect(env.get('KF_HOOK_BODY')?.value).toBe('/run/kf/hook/body');
    const { name: holder, key } = env.get('KF_HOOK_QUERY')!.valueFrom!.secretKeyRef!;
    expect(holder).toBe(secret!.metadata.name);
    expect(Buffer.from(secret!.data![key]!, 'base64').toString()).toBe('a=%24%28params.secret%29');
    expect(Buffer.from(secret!.data!.body!, 'base64').toString()).toBe('payload');
  });

  test('Forbid: 409 with the reason while one runs; the same delivery runs later', async () => {
    await job('Forbid', 'wait');
    await makeHook('deploy', ofJob);
    const first = await post(`deploy/${token}`);
    expect(first.status).toBe(202);
    await started(first.json.task);
    const headers = { 'webhook-id': 'msg_1' };
    const refused = await post(`deploy/${token}`, 'x', { headers });
    expect(refused.status).toBe(409);
    expect(refused.json.message).toBe(`Job "nightly" does not run now: Task ${first.json.task} has not ended`);
    await server.client.delete(Task, { namespace, name: first.json.task });
    await world.untilGone(Task, { namespace, name: first.json.task });
    expect((await post(`deploy/${token}`, 'x', { headers })).json).toMatchObject({ repeated: false });
  });

  test('Replace: taken at once, runs when the one before has ended', async () => {
    await job('Replace', 'wait');
    await makeHook('deploy', ofJob);
    const first = await post(`deploy/${token}`);
    await started(first.json.task);
    const second = await post(`deploy/${token}`);
    expect(second.status).toBe(202);
    await world.final(first.json.task);
    await started(second.json.task);
  });
});

test('what a crash leaves between body and Task is put right at the next start', async () => {
  const hook = await makeHook('deploy', ofApp());
  const leave = (name: string, task: string) =>
    server.client.create(Secret, {
      metadata: {
        name,
        namespace,
        labels: { [labels.hook]: 'deploy', [labels.task]: task, 'kf.dev/unclaimed': 'true' },
        ownerReferences: [controllerRef(hook)],
      },
      immutable: true,
      data: { body: '' },
    });
  await leave('without', 'report-hook-1');
  await leave('with', 'report-hook-2');
  const task = await server.client.create(Task, {
    metadata: { name: 'report-hook-2', namespace },
    spec: {
      appRef: { name: 'report' },
      command: 'exit 0',
      inputs: [{ secretName: 'with', mountPath: '/run/kf/hook' }],
    },
  });
  const { HookBodies } = await import('../../../src/apiserver/hooks/hook-body.ts');
  await new HookBodies(server.api).sweep({ user: 'test', groups: [] });
  expect(controllerOf(await server.client.get(Secret, { namespace, name: 'with' }))?.uid).toBe(task.metadata.uid);
  await world.untilGone(Secret, { namespace, name: 'without' });
});
