/** Real kubectl against the API server. What a version does not have yet is skipped by name. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeKubeconfig } from '../../src/apiserver/http/kubeconfig.ts';
import type { LogQuery } from '../../src/client/logs.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { startServer, type TestServer } from '../apiserver/http/support.ts';
import { type Ended, Kubectl, kubectlMinor } from '../support/kubectl.ts';

const minor = kubectlMinor();
const since = (version: number) => test.skipIf(minor < version);

let home: string;
let server: TestServer;
let program: Kubectl;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kf-kubectl-'));
  server = await startServer({
    logs: {
      async *read(query: LogQuery) {
        yield Buffer.from(`out of ${query.pod}/${query.container}\n`);
        if (query.tailLines !== undefined) yield Buffer.from(`last ${query.tailLines}\n`);
        if (!query.follow) return;
        if (!query.ended?.aborted)
          await new Promise((resolve) => query.ended?.addEventListener('abort', resolve, { once: true }));
        yield Buffer.from('the end\n');
      },
    },
  });
  const { url, ca, token } = server;
  const kubeconfig = join(home, 'kubeconfig');
  await writeKubeconfig(kubeconfig, { url, ca, token, namespace: 'work' });
  program = new Kubectl([], { PATH: process.env.PATH, HOME: home, KUBECONFIG: kubeconfig, LANG: 'C' });
});
afterAll(async () => {
  await server?.close();
  await rm(home, { recursive: true, force: true });
});

const kubectl = (args: string | readonly string[], input = ''): Promise<Ended> =>
  program.run(typeof args === 'string' ? args.split(' ') : args, input);

/** Its output, when it succeeds. */
async function ok(args: string | readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  expect(`${code} ${stderr}`, `kubectl ${args}`).toMatch(/^0 /);
  return stdout.toString();
}

/** Its complaint, when it fails. */
async function fails(args: string | readonly string[], input = ''): Promise<string> {
  const { code, stderr } = await kubectl(args, input);
  expect(code, `kubectl ${args}`).not.toBe(0);
  return stderr.trim();
}

/** Rows of words. */
const cells = (output: string): readonly (readonly string[])[] =>
  output
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));

const task = (name: string, spec: object = {}, metadata: object = {}): string =>
  JSON.stringify({
    apiVersion: 'kf.dev/v1alpha1',
    kind: 'Task',
    metadata: { name, ...metadata },
    spec: { appRef: { name: 'app' }, ...spec },
  });

async function makePod(name: string): Promise<Pod> {
  const pod = await server.client.create(Pod, {
    metadata: { name, namespace: 'work' },
    spec: { containers: [{ name: 'main', image: 'x' }], terminationGracePeriodSeconds: 0 },
  });
  const containerStatuses = [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }];
  const status = { phase: 'Running' as const, podIP: '10.0.0.7', containerStatuses };
  return server.client.updateStatus(Pod, { ...pod, status });
}

describe.sequential(`kubectl 1.${minor}`, () => {
  test('creates a namespace, a config map, a secret, a service account', async () => {
    expect(await ok('create namespace work')).toBe('namespace/work created\n');
    expect(await ok('create configmap settings --from-literal=colour=blue')).toBe('configmap/settings created\n');
    expect(await ok('create secret generic login --from-literal=password=hunter2')).toBe('secret/login created\n');
    expect(await ok('create serviceaccount robot')).toBe('serviceaccount/robot created\n');
    expect(await ok(['get', 'secret', 'login', '-o', 'jsonpath={.data.password}'])).toBe('aHVudGVyMg==');
  });

  test('creates from a file, and refuses to do so twice', async () => {
    expect(await ok('create -f -', task('first'))).toBe('task.kf.dev/first created\n');
    expect(await fails('create -f -', task('first'))).toContain(
      'Error from server (AlreadyExists): error when creating "STDIN": tasks.kf.dev "first" already exists',
    );
  });

  test('gets tables', async () => {
    const [header, row] = cells(await ok('get tasks'));
    expect(header).toEqual(['NAME', 'ID', 'DISPLAYNAME', 'AGE', 'DURATION', 'SUCCEEDED', 'REASON']);
    expect(row?.[0]).toBe('first');
    expect(cells(await ok('get tasks,configmaps'))[0]?.[0]).toBe('NAME');
    expect(cells(await ok('get tasks -A --show-labels'))[0]).toEqual(expect.arrayContaining(['NAMESPACE', 'LABELS']));
    expect(await ok('get tasks --no-headers -l app.kubernetes.io/name=other')).toBe('');
    expect(await ok('get tasks -o name -l app.kubernetes.io/name=app')).toBe('task.kf.dev/first\n');
    expect(cells(await ok('get tasks --sort-by=.metadata.name'))[1]?.[0]).toBe('first');
  });

  test('gets Pods, wide too', async () => {
    await makePod('runner');
    expect(cells(await ok('get pods'))).toEqual([
      ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'],
      ['runner', '1/1', 'Running', '0', expect.stringMatching(/^\d+s$/)],
    ]);
    expect(cells(await ok('get pods -o wide'))[1]).toContain('10.0.0.7');
    expect(await ok('get pods --field-selector status.phase=Failed -o name')).toBe('');
  });

  test('gets JSON and YAML', async () => {
    const json = JSON.parse(await ok('get task first -o json'));
    expect(json).toMatchObject({ apiVersion: 'kf.dev/v1alpha1', kind: 'Task', spec: { displayName: 'first' } });
    const list = JSON.parse(await ok('get tasks -o json'));
    expect(list).toMatchObject({ kind: 'List', items: [{ kind: 'Task' }] });
    expect(await ok('get task first -o yaml')).toMatch(/^apiVersion: kf.dev\/v1alpha1\nkind: Task\n/);
  });

  test('describes', async () => {
    const text = await ok('describe task first');
    expect(text).toMatch(/^Name: +first\nNamespace: +work\n/);
    expect(text).toMatch(/App Ref:\n +Name: +app\n/);
    expect(text).toMatch(/Events: +<none>/);
    expect(await ok('describe pod runner')).toMatch(/Status: +Running/);
  });

  test('applies: created, unchanged, configured', async () => {
    expect(await ok('apply -f -', task('applied'))).toBe('task.kf.dev/applied created\n');
    expect(await ok('apply -f -', task('applied'))).toBe('task.kf.dev/applied unchanged\n');
    expect(await ok('apply -f -', task('applied', { displayName: 'nice' }))).toBe('task.kf.dev/applied configured\n');
    expect(await ok(['get', 'task', 'applied', '-o', 'jsonpath={.spec.displayName}'])).toBe('nice');
  });

  test('applies built-in kinds by a strategic merge patch', async () => {
    const map = (data: object) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm' }, data });
    expect(await ok('apply -f -', map({ a: '1', b: '2' }))).toBe('configmap/cm created\n');
    expect(await ok('apply -f -', map({ a: '1', b: '2' }))).toBe('configmap/cm unchanged\n');
    expect(await ok('apply -f -', map({ a: '3' }))).toBe('configmap/cm configured\n');
    expect(JSON.parse(await ok('get cm cm -o json')).data).toEqual({ a: '3' });
  });

  test('patches, labels, annotates', async () => {
    const patch = ['patch', 'task', 'first', '--type=merge', '-p', '{"spec":{"displayName":"merged"}}'];
    expect(await ok(patch)).toBe('task.kf.dev/first patched\n');
    const json = '[{"op":"replace","path":"/spec/displayName","value":"json"}]';
    expect(await ok(['patch', 'task', 'first', '--type=json', '-p', json])).toBe('task.kf.dev/first patched\n');
    expect(await ok('label task first tier=gold')).toBe('task.kf.dev/first labeled\n');
    expect(await ok('annotate task first note=seen')).toMatch(/^task.kf.dev\/first annotated?\n$/);
    const { metadata, spec } = JSON.parse(await ok('get task first -o json'));
    expect({ tier: metadata.labels.tier, note: metadata.annotations.note, name: spec.displayName }).toEqual({
      tier: 'gold',
      note: 'seen',
      name: 'json',
    });
    const strategic = await kubectl(['patch', 'task', 'first', '-p', '{"spec":{}}']);
    expect(strategic.code).not.toBe(0);
    expect(strategic.stderr).toContain('application/strategic-merge-patch+json');
  });

  test('waits for a condition', async () => {
    const waiting = ok('wait task/first --for=condition=Succeeded --timeout=30s');
    const ref = { namespace: 'work', name: 'first' };
    const body = { status: { conditions: [{ type: 'Succeeded', status: 'True' }] } };
    await server.client.patch(Task, ref, { type: 'merge', body }, { subresource: 'status' });
    expect(await waiting).toBe('task.kf.dev/first condition met\n');
    expect(cells(await ok('get task first'))[1]).toContain('True');
  });

  test('watches', async () => {
    const { child, ended } = program.start(['get', 'tasks', '-w', '--no-headers', '-o', 'name']);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const seen = new Set<string>();
    while (seen.size < 2) seen.add((await lines.next()).value);
    await ok('create -f -', task('watched'));
    expect((await lines.next()).value).toBe('task.kf.dev/watched');
    child.kill();
    await ended;
  });

  test('reads logs, and follows them until the container has ended', async () => {
    expect(await ok('logs runner')).toBe('out of runner/main\n');
    expect(await ok('logs runner -c main --tail=3')).toBe('out of runner/main\nlast 3\n');
    const { child, ended } = program.start(['logs', '-f', 'runner']);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('out of runner/main');
    const pod = await server.client.get(Pod, { namespace: 'work', name: 'runner' });
    const containerStatuses = [{ name: 'main', state: { terminated: { exitCode: 0, reason: 'Completed' } } }];
    await server.client.updateStatus(Pod, { ...pod, status: { phase: 'Succeeded', containerStatuses } });
    expect((await lines.next()).value).toBe('the end');
    expect((await ended).code).toBe(0);
    expect(cells(await ok('get pods'))[1]).toEqual(expect.arrayContaining(['0/1', 'Completed']));
  });

  test('complains about logs in the usual words', async () => {
    expect(await fails('logs nope')).toContain('(NotFound): pods "nope" not found');
    expect(await fails('logs runner --previous')).toContain(
      '(BadRequest): previous terminated container "main" in pod "runner" not found',
    );
    expect(await fails('logs runner -c zz')).toContain('zz is not valid for pod runner');
  });

  test('deletes, and waits until it is gone', async () => {
    expect(await ok('delete task watched')).toBe('task.kf.dev "watched" deleted\n');
    expect(await ok('delete pod runner')).toBe('pod "runner" deleted\n');
    expect(await fails('get task watched')).toBe('Error from server (NotFound): tasks.kf.dev "watched" not found');
    expect(await ok('get task watched --ignore-not-found')).toBe('');
    expect(await ok('delete cm cm settings')).toBe('configmap "cm" deleted\nconfigmap "settings" deleted\n');
  });

  test('complains about what is invalid, field by field', async () => {
    const text = await fails('create -f -', task('bad', { cpu: 'x', memory: '-1' }));
    expect(text).toContain('The Task "bad" is invalid:');
    expect(text).toMatch(/\* spec\.cpu: Invalid value: "x": must be a quantity above 0/);
    expect(text).toMatch(/\* spec\.memory: Invalid value: "-1": must be a quantity above 0/);
    expect(await fails('get nope')).toContain('the server doesn\'t have a resource type "nope"');
    expect(await fails('create -n nowhere -f -', task('lost'))).toContain('namespaces "nowhere" not found');
  });

  test('refuses unknown fields', async () => {
    // Before 1.25 kubectl checks for itself, by the schema that it was given.
    expect(await fails('create -f -', task('strict', { zzz: 1 }))).toMatch(/unknown field "(spec\.)?zzz"/);
    expect(await ok('create --validate=false -f -', task('loose', { zzz: 1 }))).toBe('task.kf.dev/loose created\n');
    expect(await ok('get task loose -o json')).not.toContain('zzz');
  });

  since(25)('warns of them instead, when asked to', async () => {
    const warned = await kubectl('create --validate=warn -f -', task('lenient', { zzz: 1 }));
    expect(warned).toMatchObject({ code: 0, stderr: 'Warning: unknown field "spec.zzz"\n' });
  });

  test('lists what there is, and what is allowed', async () => {
    const rows = cells(await ok('api-resources')).map((row) => row.join(' '));
    expect(rows).toEqual(expect.arrayContaining([expect.stringMatching(/^tasks .*true Task$/)]));
    expect(await ok('api-versions')).toContain('kf.dev/v1alpha1\n');
    expect(await ok('auth can-i create tasks')).toBe('yes\n');
    expect(await ok('auth can-i --list')).toContain('*.*');
    expect(await ok('get crd -o name')).toContain('customresourcedefinition.apiextensions.k8s.io/tasks.kf.dev\n');
    expect(await ok('get all -o name')).toContain('task.kf.dev/first\n');
  });

  test('dry runs change nothing', async () => {
    expect(await ok('create --dry-run=server -f -', task('dry'))).toBe('task.kf.dev/dry created (server dry run)\n');
    expect(await ok('delete task first --dry-run=server')).toBe('task.kf.dev "first" deleted (server dry run)\n');
    expect(await ok('get tasks -o name')).not.toContain('dry');
    expect(await ok('get task first -o name')).toBe('task.kf.dev/first\n');
  });

  test('replaces; a stale revision is a conflict', async () => {
    const current = JSON.parse(await ok('get task applied -o json'));
    const changed = { ...current, spec: { ...current.spec, displayName: 'replaced' } };
    expect(await ok('replace -f -', JSON.stringify(changed))).toBe('task.kf.dev/applied replaced\n');
    expect(await fails('replace -f -', JSON.stringify({ ...changed, spec: current.spec }))).toContain(
      '(Conflict): error when replacing "STDIN": Operation cannot be fulfilled on tasks.kf.dev "applied": the object has been modified',
    );
  });

  test('shows what an apply would change', async () => {
    const { code, stdout } = await kubectl('diff -f -', task('applied', { displayName: 'again' }));
    expect(code).toBe(1);
    expect(stdout.toString()).toMatch(/\+ +displayName: again/);
  });

  test('explains kinds and fields', async () => {
    const text = await ok('explain task.spec.cpu');
    expect(text).toMatch(/KIND: +Task/);
    expect(text).toContain('Cores, as a quantity');
    expect(await ok('explain app --recursive')).toMatch(/updateRequests\t<integer>/);
    expect(await ok('explain task.spec.appRef')).toContain('The App whose image and environment');
    expect(await ok('explain taskrun.spec.timeout')).toContain('Go duration of an attempt');
    expect(await ok('explain task.spec.steps.script --api-version=tekton.dev/v1')).toContain('#!INTERPRETER');
  });

  test.each([
    ['Task', { steps: [{ name: 'a' }] }, 'missing field(s): spec.steps[0].Image'],
    ['TaskRun', {}, 'expected exactly one, got neither: spec.taskRef, spec.taskSpec'],
    [
      'Pipeline',
      { tasks: [{ name: 'a', taskRef: { name: 'x' }, runAfter: ['a'] }] },
      'invalid value: cycle detected; task "a" depends on "a": spec.tasks',
    ],
    [
      'PipelineRun',
      { pipelineRef: { name: 'x' }, timeouts: { pipeline: '1h', tasks: '2h' } },
      'invalid value: 2h0m0s should be <= pipeline duration: spec.timeouts.tasks',
    ],
  ])('a %s that Tekton refuses is refused in its words, and nothing is made', async (kind, spec, expected) => {
    const manifest = { apiVersion: 'tekton.dev/v1', kind, metadata: { name: 'bad' }, spec };
    expect(await fails('create -f -', JSON.stringify(manifest))).toBe(
      `Error from server (BadRequest): error when creating "STDIN": admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: ${expected}`,
    );
    expect(await ok(`get ${kind}s.tekton.dev -o name`)).not.toContain('/bad');
  });

  test('takes Tekton’s v1beta1, shows each version as it is asked for, and refuses what it would lose', async () => {
    const manifest = (step: object) =>
      JSON.stringify({
        apiVersion: 'tekton.dev/v1beta1',
        kind: 'Task',
        metadata: { name: 'old' },
        spec: { steps: [{ name: 'a', image: 'busybox', ...step }] },
      });
    expect(await fails('create --validate=false -f -', manifest({ resource: {} }))).toContain(
      'unknown field "spec.steps[0].resource"',
    );
    const limited = manifest({ resources: { limits: { memory: '1Gi' } } });
    expect(await ok('apply -f -', limited)).toBe('task.tekton.dev/old created\n');
    expect(await ok('apply -f -', limited)).toBe('task.tekton.dev/old unchanged\n');
    const limit = (member: string) => `-o jsonpath={.apiVersion}:{.spec.steps[0].${member}.limits.memory}`;
    expect(await ok(`get tasks.v1.tekton.dev old ${limit('computeResources')}`)).toBe('tekton.dev/v1:1Gi');
    expect(await ok(`get tasks.v1beta1.tekton.dev old ${limit('resources')}`)).toBe('tekton.dev/v1beta1:1Gi');
  });

  since(28)('knows who it is', async () => {
    expect(cells(await ok('auth whoami'))).toContainEqual(['Username', 'admin']);
    expect(cells(await ok('auth whoami --as=eve'))).toContainEqual(['Username', 'eve']);
  });

  since(26)('shows events', async () => {
    const { uid } = JSON.parse(await ok('get task first -o json')).metadata;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'first.1' },
      involvedObject: { apiVersion: 'kf.dev/v1alpha1', kind: 'Task', namespace: 'work', name: 'first', uid },
      type: 'Normal',
      reason: 'Seen',
      message: 'it was seen',
      lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    };
    await ok('create -f -', JSON.stringify(event));
    expect(await ok('events --for task/first')).toMatch(/Normal +Seen +Task\/first +it was seen/);
    expect(await ok('describe task first')).toContain('it was seen');
  });

  since(23)('applies on the server’s side', async () => {
    const settings = (data: object) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ssa' }, data });
    const data = () => ok(['get', 'configmap', 'ssa', '-o', 'jsonpath={.data}']);
    const apply = 'apply --server-side -f -';
    const applied = 'configmap/ssa serverside-applied\n';
    expect(await ok(apply, settings({ x: '1', y: '1' }))).toBe(applied);
    const conflict = await fails(`${apply} --field-manager=other`, settings({ x: '2' }));
    expect(conflict).toContain('Apply failed with 1 conflict: conflict with "kubectl": .data.x');
    expect(conflict).toContain('--force-conflicts');
    const forced = `${apply} --field-manager=other --force-conflicts`;
    expect(await ok(`${forced} --dry-run=server`, settings({ x: '2' }))).toBe(
      'configmap/ssa serverside-applied (server dry run)\n',
    );
    expect(await data()).toBe('{"x":"1","y":"1"}');
    expect(await ok(forced, settings({ x: '2' }))).toBe(applied);
    expect(await ok(apply, settings({ y: '1' }))).toBe(applied);
    expect(await data()).toBe('{"x":"2","y":"1"}');
    expect(await ok('get configmap ssa -o yaml --show-managed-fields')).toContain('manager: other');
  });

  since(27)('goes on with what it has applied on its own side', async () => {
    const labelled = (l: string) => task('old-apply', {}, { labels: { l } });
    await ok('apply -f -', labelled('1'));
    for (const l of ['2', '3'])
      expect(await ok('apply --server-side -f -', labelled(l))).toBe('task.kf.dev/old-apply serverside-applied\n');
    const managers = await ok(['get', 'task', 'old-apply', '-o', 'jsonpath={.metadata.managedFields[*].manager}']);
    expect(managers).toBe('kubectl kubectl-last-applied');
    expect(await ok(['get', 'task', 'old-apply', '-o', 'jsonpath={.metadata.labels.l}'])).toBe('3');
  });

  test('exec is refused where nothing runs', async () => {
    await makePod('shell');
    expect(await fails('exec shell -- true')).toContain('this server runs no containers');
    await ok('delete pod shell');
  });

  test('deletes a namespace with everything in it', async () => {
    expect(await ok('delete namespace work')).toBe('namespace "work" deleted\n');
    expect(await ok('get tasks -A -o name')).toBe('');
  });

  test('is told when its token is wrong', async () => {
    expect(await fails('get pods --token=guess')).toContain('You must be logged in to the server');
  });
});
