import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pod } from '../../src/resources/core/pod.ts';
import { Kf } from '../support/kf.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push(
    'report',
    { 'etl.sh': 'echo "rows: $(wc -l < data.csv)"\n', 'data.csv': 'a\nb\nc\n' },
    '-c',
    'sh etl.sh',
  );
});
afterAll(() => kf.remove());

interface TaskList {
  items: {
    metadata: { name: string };
    status: { id: number; exitCode?: number; conditions: { type: string; status: string; reason?: string }[] };
  }[];
}

describe('push --task', () => {
  test('runs nothing: no Pod, no route, Instances stopped', async () => {
    const app = await kf.json<{
      spec: { routes?: unknown[]; instances: { stopped: boolean } };
      status: { instances: { representation: string } };
    }>('app', 'report');
    expect(app.spec.routes ?? []).toEqual([]);
    expect(app.spec.instances.stopped).toBe(true);
    expect(app.status.instances.representation).toBe('stopped');
    expect((await kf.json<TaskList>('tasks', 'report')).items).toEqual([]);
    const client = await kf.client();
    expect((await client.list(Pod, { namespace: 'dev' })).items).toEqual([]);
    client.close();
  });

  test('on a new App without --task creates nothing and says what to type', async () => {
    const folder = await kf.source('web', { 'server.js': '' });
    const { code, stderr } = await kf.run(['push', 'web', '-p', folder]);
    expect(code).toBe(1);
    expect(stderr).toContain('kf push web --task');
    expect((await kf.run(['app', 'web'])).code).toBe(1);
  });
});

describe('run-task', () => {
  test('--follow prints the output and returns 0', async () => {
    const { code, stdout } = await kf.run(['run-task', 'report', '--follow']);
    expect(stdout).toBe('rows: 3\n');
    expect(code).toBe(0);
  });

  test.each([
    ['its own code', 'exit 3', 3],
    ['the code of a missing command', 'no-such-command', 127],
    ['128+n for a signal', 'kill -TERM $$', 143],
  ])('--wait returns %s', async (_, command, expected) => {
    const { code, stderr } = await kf.run(['run-task', 'report', '-c', command, '--wait']);
    expect(code, stderr).toBe(expected);
  });

  test('a command is a shell line', async () => {
    const { stdout } = await kf.ok(
      'run-task',
      'report',
      '-c',
      'X=1; echo "a  b" | tr a c && echo $((X + 1))',
      '--follow',
    );
    expect(stdout).toBe('c  b\n2\n');
  });

  test('a line that has what Tekton takes for variables stays as it was typed', async () => {
    const text = [
      ...['params.x', 'context.pipelineRun.name', 'context.taskRun.name', 'tasks.a.results.b', 'tasks.a.status'],
      ...['steps.a.results.b', 'results.r.path', 'workspaces.w.path', 'step.results.r.path'],
    ].map((name) => `$(${name})`);
    const { stdout } = await kf.ok('run-task', 'report', '-c', `echo '${text.join(' ')}'`, '--follow');
    expect(stdout).toBe(`${text.join(' ')}\n`);
  });

  test('--args are the exact argv', async () => {
    const { stdout } = await kf.ok('run-task', 'report', '--args', 'echo', '--args', '$HOME  x', '--follow');
    expect(stdout).toBe('$HOME  x\n');
  });

  test('--once gives the first Task again', async () => {
    const first = (await kf.ok('run-task', 'report', '-c', 'true', '--once', 'k1', '-o', 'name')).stdout;
    const second = (await kf.ok('run-task', 'report', '-c', 'true', '--once', 'k1', '-o', 'name')).stdout;
    expect(second).toBe(first);
  });

  test('the environment of Cloud Foundry is there', async () => {
    const { stdout } = await kf.ok('run-task', 'report', '-c', 'env', '--follow');
    const env = new Map(stdout.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
    expect(env.get('HOME')).toBe('/home/vcap');
    expect(env.get('VCAP_SERVICES')).toBe('{}');
    expect(env.get('MEMORY_LIMIT')).toBe('1024M');
    expect(JSON.parse(env.get('VCAP_APPLICATION') ?? '')).toMatchObject({
      application_name: 'report',
      limits: { mem: 1024, disk: 1024 },
    });
    expect(env.get('KF_TASK_NAME')).toMatch(/^report-/);
    expect(env.get('CF_INSTANCE_IP')).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  test('an unknown App starts nothing: 125 with --wait, else 1', async () => {
    expect((await kf.run(['run-task', 'nope', '--wait'])).code).toBe(125);
    expect((await kf.run(['run-task', 'nope'])).code).toBe(1);
  });
});

describe('afterwards', () => {
  test('tasks are listed by number, newest last', async () => {
    const ids = (await kf.json<TaskList>('tasks', 'report')).items.map((task) => task.status.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(ids[0]).toBe(1);
  });

  test('the log of every task is there, by number and by name', async () => {
    const { items } = await kf.json<TaskList>('tasks', 'report');
    expect((await kf.ok('logs', 'report', '--task', '--id', '1', '--recent')).stdout).toBe('rows: 3\n');
    expect((await kf.ok('logs', 'report', '--task', '--id', items[0]!.metadata.name, '--recent')).stdout).toBe(
      'rows: 3\n',
    );
  });

  test('terminate-task ends a task that does not handle SIGTERM, and its log stays', async () => {
    await kf.ok('run-task', 'report', '-c', 'echo begun; sleep 1000', '--name', 'long');
    const { items } = await kf.json<TaskList>('tasks', 'report');
    const id = String(items.at(-1)!.status.id);
    await kf.ok('terminate-task', 'report', id);
    const task = await kf.json<TaskList['items'][0]>('task', 'report', id);
    expect(task.status.conditions.find((condition) => condition.type === 'Succeeded')).toMatchObject({
      status: 'False',
      reason: 'TaskRunCancelled',
    });
    expect((await kf.run(['terminate-task', 'report', id])).code).toBe(1);
  });
});
