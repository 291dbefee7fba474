import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stateOf } from '../../../src/cli/tasks/task-state.ts';
import { Node } from '../../../src/resources/core/kinds.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { labels } from '../../../src/resources/labels.ts';
import { TestCli } from '../support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
  await cli.world.app('report');
});
afterAll(() => cli.close());

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
const tasks = async () => (await cli.server.client.list(Task, { namespace: 'dev' })).items;
interface TaskList {
  readonly items: readonly Task[];
}
const newestOf = async (app: string) =>
  (await tasks())
    .filter(({ spec }) => spec.appRef.name === app)
    .sort((a, b) => a.status!.id! - b.status!.id!)
    .at(-1)!;
const newest = async () => [...(await tasks())].sort((a, b) => (a.status?.id ?? 0) - (b.status?.id ?? 0)).at(-1)!;

describe('run-task', () => {
  test('prints Kf’s line, the ID and tips that work as printed', async () => {
    const { code, stdout, stderr } = await cli.run('run-task', 'report', '-c', 'exit 0');
    expect(code).toBe(0);
    expect(stdout).toBe('');
    const name = /Task (report-\w{5}) is submitted successfully for execution\./.exec(stderr)?.[1] ?? '';
    expect(stderr).toContain(`Task ${name} has ID 1.`);
    const tips = [...stderr.matchAll(/: +kf (.*)$/gm)].map((match) => match[1]!.split(' '));
    expect(tips.length).toBe(3);
    await cli.world.final(name);
    for (const tip of tips) expect(await cli.run(...tip), tip.join(' ')).toMatchObject({ code: 0 });
  });

  test.each([
    ['exit 0', 0, /^Task \S+ succeeded\.$/],
    ['exit 3', 3, /^Task \S+ failed: exit code 3\.$/],
    ['exit 137', 137, /^Task \S+ failed: exit code 137 \(SIGKILL\)\.$/],
  ])('--wait of `%s` exits with %i and says so last', async (line, code, last) => {
    const finished = await cli.run('run-task', 'report', '-c', line, '--wait');
    expect(finished.code).toBe(code);
    expect(lastLine(finished.stderr)).toMatch(last);
    expect(finished.stdout).toBe('');
  });

  test('--retries: the last attempt decides, and the flags are checked', async () => {
    const finished = await cli.run(
      ...['run-task', 'report', '-c', 'exits 3 4 0', '--retries', '2', '--retry-delay', '10ms', '--wait'],
    );
    expect(finished.code).toBe(0);
    expect((await newest()).status?.attempts).toHaveLength(3);
    const count = (await tasks()).length;
    for (const wrong of [
      ['--retries', '-1'],
      ['--retries', '101'],
      ['--retry-delay', '5s'],
      ['--retry-delay', 'x'],
    ])
      expect((await cli.run('run-task', 'report', ...wrong)).code, wrong.join(' ')).toBe(1);
    expect(await tasks()).toHaveLength(count);
  });

  test('what can never fit is refused, and nothing is made', async () => {
    const { client } = cli.server;
    const node = await client.create(Node, { metadata: { name: 'here', labels: { [labels.managedBy]: 'kf' } } });
    await client.updateStatus(Node, {
      ...node,
      status: { allocatable: { memory: '2Gi', 'ephemeral-storage': '9Gi' } },
    });
    const count = (await tasks()).length;
    const refused = await cli.run('run-task', 'report', '-m', '100G');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('needs 100Gi of memory, and this machine has 2Gi for Tasks');
    expect((await cli.run('run-task', 'report', '-m', '100G', '--wait')).code).toBe(125);
    expect((await cli.run('create-job', 'report', 'huge', 'true', '-m', '3G')).stderr).toContain(
      'this machine has 2Gi',
    );
    const noDisk =
      'needs 10Gi of disk, and this machine has 9Gi for Tasks: it could never start. Ask for less (-k SIZE)';
    for (const command of [
      ['run-task', 'report'],
      ['create-job', 'report', 'huge', 'true'],
      ['push', 'huge', '--task', '-p', await cli.source({ a: '' })],
    ])
      expect((await cli.run(...command, '-k', '10G')).stderr, command[0]).toContain(noDisk);
    expect((await cli.run('push', 'huge', '--task', '-p', await cli.source({ a: '' }), '-m', '3G')).code).toBe(1);
    expect((await cli.run('app', 'huge')).code).toBe(1);
    await cli.ok('configure-space', 'set-task-limits', '--memory', '512M');
    expect((await cli.run('run-task', 'report')).stderr).toContain('all Tasks of Space "dev" together may have 512Mi');
    await cli.ok('configure-space', 'set-task-limits', '--memory', 'none', '--cpu', '1');
    expect((await cli.run('run-task', 'report', '--cpu-cores', '1500m')).stderr).toContain('it needs 1500m cores, and');
    await cli.ok('configure-space', 'set-task-limits', '--cpu', 'none');
    expect(await tasks()).toHaveLength(count);
    await client.delete(Node, { name: 'here' });
  });

  test('--follow prints the log and nothing else on stdout', async () => {
    const { code, stdout } = await cli.run('run-task', 'report', '-c', 'exit 4', '--follow');
    expect(code).toBe(4);
    expect(stdout).toBe('hello\n');
  });

  test('terminated by a person: 143', async () => {
    const running = cli.start(['run-task', 'report', '-c', 'wait', '-w']);
    await running.prints('has ID');
    const { metadata } = await newest();
    await cli.world.until(Task, metadata, (task) => task.status?.startTime !== undefined);
    expect((await cli.run('terminate-task', metadata.name)).code).toBe(0);
    const { code, stderr } = await running.finished;
    expect(code).toBe(143);
    expect(lastLine(stderr)).toBe(`Task ${metadata.name} was terminated.`);
  });

  test('Ctrl-C stops the watching, not the task, and says how to go on: 123', async () => {
    const running = cli.start(['run-task', 'report', '-c', 'wait', '--follow']);
    await Promise.all([running.prints('hello'), running.prints('has ID')]);
    running.interrupt();
    const { code, stderr } = await running.finished;
    const task = await newest();
    expect(code).toBe(123);
    expect(stderr).toContain(`kf logs report --task --id ${task.status?.id} --space dev`);
    expect(stderr).toContain(`kf terminate-task ${task.metadata.name} --space dev`);
    expect(lastLine(stderr)).toBe(`Stopped watching; Task ${task.metadata.name} goes on.`);
    expect(task.spec.terminated).toBeUndefined();
    await cli.ok('terminate-task', task.metadata.name, '--now');
  });

  test('nobody reads the output any more: the task goes on, and the exit code does not say that it succeeded', async () => {
    const running = cli.start(['run-task', 'report', '-c', 'wait', '--follow']);
    await Promise.all([running.prints('hello'), running.prints('has ID')]);
    const { name } = (await newest()).metadata;
    expect(running.unread()).toBe(123);
    expect(lastLine(running.stderr)).toBe(`The output is not read any more; Task ${name} goes on.`);
    await cli.ok('terminate-task', name, '--now');
    await running.finished;
  });

  test('a Task that is deleted while it is watched: 122', async () => {
    const running = cli.start(['run-task', 'report', '-c', 'wait', '--wait']);
    await running.prints('has ID');
    const { metadata } = await newest();
    await cli.server.client.delete(Task, metadata);
    expect(await running.finished).toMatchObject({ code: 122 });
  });

  test('-o json prints the final Task, -o name its name; the log goes to stderr then', async () => {
    const json = await cli.run('run-task', 'report', '-c', 'exit 5', '--follow', '-o', 'json');
    expect(json.code).toBe(5);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Task', status: { exitCode: 5 } });
    expect(json.stderr).toContain('hello\n');
    const name = await cli.run('run-task', 'report', '-c', 'exit 0', '-o', 'name');
    expect(name.stdout).toMatch(/^task\.kf\.dev\/report-\w{5}\n$/);
  });

  test('--once: the second call returns the first Task', async () => {
    const first = await cli.run('run-task', 'report', '-c', 'exit 6', '--once', 'a key', '-o', 'name');
    const second = await cli.run('run-task', 'report', '-c', 'exit 7', '--once', 'a key', '-o', 'name');
    expect(second.stdout).toBe(first.stdout);
    const waited = await cli.run('run-task', 'report', '-c', 'exit 7', '--once', 'a key', '--wait');
    expect(waited.code).toBe(6);
    const other = await cli.run('run-task', 'report', '-c', 'exit 0', '--once', 'another key', '-o', 'name');
    expect(other.stdout).not.toBe(first.stdout);
  });

  test('flags arrive in the Task', async () => {
    await cli.ok(
      ...[
        'run-task',
        'report',
        '-c',
        'exit 0',
        '--name',
        'Nightly load',
        '-m',
        '512M',
        '-k',
        '2GB',
        '--cpu-cores',
        '0.5',
      ],
      ...['-e', 'A=1=2', '-e', 'B=', '--timeout', '30m', '--grace-period', '1m', '--args', '--config', '--args', 'x y'],
    );
    expect((await newest()).spec).toEqual({
      appRef: { name: 'report' },
      displayName: 'Nightly load',
      command: 'exit 0',
      args: ['--config', 'x y'],
      memory: '512Mi',
      disk: '2Gi',
      cpu: '0.5',
      env: [
        { name: 'A', value: '1=2' },
        { name: 'B', value: '' },
      ],
      timeout: '30m',
      gracePeriodSeconds: 60,
    });
    await cli.ok('terminate-task', (await newest()).metadata.name);
  });

  test.each([
    [['-m', '12X'], '--memory-limit'],
    [['-m', '0'], '--memory-limit'],
    [['-k', 'much'], '--disk-quota'],
    [['-k', '1K'], 'It must be 1M or more'],
    [['-m', '3M'], 'It must be 4M or more'],
    [['--disk', '1G'], '(Did you mean --disk-quota?)'],
    [['--cpu-cores', '-1'], '--cpu-cores'],
    [['-e', 'NOVALUE'], '--env'],
    [['-e', '1A=x'], '--env'],
    [['--timeout', 'soon'], '--timeout'],
    [['--grace-period', '-3s'], '--grace-period'],
    [['-o', 'xml'], '--output'],
    [['--wiat'], '--wiat'],
    [['surplus'], 'accepts 1 arg(s), received 2'],
  ])('bad input %j: an error that names it, nothing changed, 1 or 125 with --wait', async (flags, named) => {
    const before = (await tasks()).length;
    const plain = await cli.run('run-task', 'report', ...flags);
    expect(plain).toMatchObject({ code: 1 });
    expect(plain.stderr).toContain('Error: ');
    expect(plain.stderr).toContain(named);
    expect(await cli.run('run-task', 'report', '--wait', ...flags)).toMatchObject({ code: 125 });
    expect(await cli.run('run-task', 'report', '--follow', ...flags)).toMatchObject({ code: 125, stdout: '' });
    expect((await tasks()).length).toBe(before);
  });

  test('an unknown App: 1, or 125 with --wait', async () => {
    const plain = await cli.run('run-task', 'nope');
    expect(plain).toMatchObject({ code: 1, stdout: 'FAIL\n' });
    expect(plain.stderr).toContain('Error: failed to run-task on App: apps.kf.dev "nope" not found');
    expect(await cli.run('run-task', 'nope', '-w')).toMatchObject({ code: 125 });
    expect((await cli.run('run-task', 'report', '--space', 'nowhere')).stderr).toContain(
      `Space "nowhere" doesn't exist`,
    );
  });

  test('an App whose only build failed is refused, naming the build-logs command', async () => {
    cli.buildFailures.set('broken', 'npm ci failed');
    await cli.run('push', 'broken', '--task', '-p', await cli.source({ a: '' }));
    const { code, stderr } = await cli.run('run-task', 'broken', '-c', 'true', '--wait');
    expect(code).toBe(125);
    expect(stderr).toContain('npm ci failed');
    expect(stderr).toContain('kf build-logs broken-1');
  });

  test('on a cluster the first line names context and Space', async () => {
    const { stderr } = await cli.run('run-task', 'report', '-c', 'exit 0', '--context', 'prod', '--space', 'dev');
    expect(stderr.split('\n')[0]).toBe('Using context "prod", Space "dev"');
    const { stderr: read } = await cli.run('tasks', 'report', '--context', 'prod', '--space', 'dev');
    expect(read).not.toContain('Using context');
  });
});

describe('tasks', () => {
  test('Kf’s columns, by number, newest last', async () => {
    const { stdout, stderr } = await cli.ok('tasks', 'report');
    const [header, ...rows] = stdout.trimEnd().split('\n');
    expect(header!.split(/ {2,}/)).toEqual(['Name', 'ID', 'DisplayName', 'Age', 'Duration', 'Succeeded', 'Reason']);
    const ids = rows.map((row) => Number(row.split(/ {2,}/)[1]));
    expect(ids.length).toBeGreaterThan(5);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(rows[0]).toMatch(/True +<nil>$/);
    expect(stderr).toBe('Listing Tasks in Space: dev\n');
  });

  test('-o json: a v1 List in the same order; -o name', async () => {
    const list = JSON.parse((await cli.ok('tasks', 'report', '-o', 'json')).stdout) as { kind: string; items: Task[] };
    expect(list).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    const names = (await cli.ok('tasks', 'report', '-o', 'name')).stdout;
    expect(names).toBe(list.items.map(({ metadata }) => `task.kf.dev/${metadata.name}\n`).join(''));
  });

  test('--state and --limit', async () => {
    await cli.world.app('states');
    for (const line of ['exit 0', 'exit 1', 'exit 2']) await cli.run('run-task', 'states', '-c', line, '--wait');
    await cli.ok('run-task', 'states', '-c', 'wait', '--name', 'long');
    const long = await newestOf('states');
    await cli.world.until(Task, long.metadata, (task) => stateOf(task) === 'running');
    const names = async (...flags: string[]) =>
      (
        await cli.ok('tasks', 'states', ...flags, '-o', 'json').then(({ stdout }) => JSON.parse(stdout) as TaskList)
      ).items.map(({ status }) => status?.id);
    const rows = async (...flags: string[]) =>
      (await cli.ok('tasks', 'states', ...flags)).stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((row) => Number(row.split(/ {2,}/)[1]));
    for (const [flags, ids] of [
      [
        ['--state', 'failed'],
        [2, 3],
      ],
      [['--state', 'Succeeded'], [1]],
      [
        ['--state', 'running,failed', '--limit', '2'],
        [3, 4],
      ],
      [
        ['--state', 'failed', '--state', 'succeeded'],
        [1, 2, 3],
      ],
      [['--state', 'unfinished'], [4]],
      [['--limit', '1'], [4]],
      [['--state', 'waiting'], []],
    ] as const) {
      expect(await names(...flags), flags.join(' ')).toEqual(ids);
      expect(await rows(...flags), flags.join(' ')).toEqual(ids);
    }
    expect((await cli.run('tasks', '--state', 'sleeping')).stderr).toContain('waiting, running, succeeded, failed');
    expect((await cli.run('tasks', '--limit', '0')).code).toBe(1);
    await cli.ok('terminate-task', long.metadata.name);
  });

  test('--watch: the list, then every change that shows, until Ctrl-C', async () => {
    await cli.world.app('watched');
    await cli.run('run-task', 'watched', '-c', 'exit 0', '--wait');
    const watching = cli.start(['tasks', 'watched', '--watch']);
    await watching.prints('True');
    await cli.run('run-task', 'watched', '-c', 'exit 7', '--wait');
    await watching.prints('Failed');
    watching.interrupt();
    const { code, stdout } = await watching.finished;
    expect(code).toBe(130);
    const [header, first, ...changes] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^Name +ID +DisplayName/);
    expect(first).toMatch(/ 1 .*True/);
    expect(changes.length).toBeGreaterThanOrEqual(1);
    expect(changes.at(-1)).toMatch(/ 2 .*False +Failed$/);
    expect(new Set(changes).size).toBe(changes.length);
  });

  test('an unknown App is an error; an App without Tasks is not', async () => {
    expect(await cli.run('tasks', 'nope')).toMatchObject({ code: 1 });
    expect(await cli.run('tasks', 'nope', '-o', 'json')).toMatchObject({ code: 1, stdout: '' });
    await cli.world.app('idle');
    expect((await cli.ok('tasks', 'idle')).stdout).toMatch(/^Name +ID .*\n$/);
  });
});

describe('task', () => {
  test('by name and by number: state, code, command, limits', async () => {
    await cli.run('run-task', 'report', '-c', 'exit 9', '--wait');
    const task = await newest();
    const { stdout } = await cli.ok('task', 'report', String(task.status?.id));
    expect(stdout).toMatch(/^Exit Code: +9$/m);
    expect(stdout).toMatch(/^State: +Failed: exit code 9$/m);
    expect(stdout).toMatch(/^Command: +exit 9$/m);
    expect(stdout).toMatch(/^ {2}Memory: +1Gi$/m);
    expect((await cli.ok('task', task.metadata.name)).stdout).toBe(stdout);
    expect(JSON.parse((await cli.ok('task', task.metadata.name, '-o', 'json')).stdout)).toMatchObject({ kind: 'Task' });
  });

  test('who made it, attempts, timeline; of one that waits why, and what it will run', async () => {
    await cli.run('run-task', 'report', '-c', 'exits 4 0', '--retries', '1', '--retry-delay', '10ms', '--wait');
    const { stdout } = await cli.ok('task', (await newest()).metadata.name);
    expect(stdout).toMatch(/^Created By: +admin$/m);
    expect(stdout).toMatch(/^ {2}1 of 2: +exit code 4; 2026\S+, 0s$/m);
    expect(stdout).toMatch(/^ {2}2 of 2: +exit code 0; /m);
    expect(stdout).toMatch(/^ {2}Queued: .*\n(.*\n)* {2}Ended: /m);
    await cli.ok('run-task', 'report', '-c', 'exit 1', '--retries', '1', '--retry-delay', '1h');
    const waiting = (await newest()).metadata.name;
    await cli.world.until(
      Task,
      { namespace: 'dev', name: waiting },
      ({ status }) => status?.nextAttemptTime !== undefined,
    );
    const described = (await cli.ok('task', waiting)).stdout;
    expect(described).toMatch(
      /^State: +Waits for its next attempt: attempt 1 of 2 failed: exit code 1; attempt 2 starts/m,
    );
    expect(described).toMatch(/^ {2}Next Attempt: +2\d{3}-/m);
    expect((await cli.ok('terminate-task', waiting)).stderr).toContain(`Task ${waiting} was terminated.`);
    await cli.ok('configure-space', 'set-task-limits', '--tasks', '1');
    await cli.ok('run-task', 'report', '-c', 'wait');
    const running = (await newest()).metadata.name;
    await cli.world.until(Task, { namespace: 'dev', name: running }, (task) => stateOf(task) === 'running');
    await cli.ok('run-task', 'report', '-c', 'exit 0', '-m', '2G');
    const queued = await newest();
    await cli.world.until(Task, queued.metadata, ({ status }) => status?.message?.includes('Space "dev"') === true);
    const text = (await cli.ok('task', queued.metadata.name)).stdout;
    expect(text).toMatch(/^State: +Waits for room in its Space: Space "dev" runs 1 Task at a time; it starts/m);
    expect(text).toMatch(/^Image: +the newest of App report at the start; now kf.local/m);
    expect(text).toMatch(/^ {2}Memory: +2Gi$/m);
    await cli.ok('configure-space', 'set-task-limits', '--tasks', 'none');
    await cli.world.final(queued.metadata.name);
    await cli.ok('terminate-task', running);
  });

  test('what is not there', async () => {
    expect((await cli.run('task', 'report', '999')).stderr).toContain(
      'No Task found for App "report" and Task ID "999"',
    );
    expect((await cli.run('task', 'nope')).stderr).toContain('tasks.kf.dev "nope" not found');
    const noId = (await cli.run('task', 'report')).stderr;
    expect(noId).toContain('"report" not found in Space "dev"; it is an App, behind which the TASK_ID is missing');
    expect(noId).toContain('kf tasks report --space dev');
    expect((await cli.run('task', 'nope', '1')).stderr).toContain('apps.kf.dev "nope" not found');
  });
});

describe('terminate-task', () => {
  test('a finished Task: says so, exit 1', async () => {
    await cli.run('run-task', 'report', '-c', 'exit 0', '--wait');
    const { metadata } = await newest();
    const { code, stderr } = await cli.run('terminate-task', metadata.name);
    expect(code).toBe(1);
    expect(stderr).toContain("Can't terminate completed Task");
  });

  test('--async does not wait; the second call kills at once', async () => {
    const running = cli.start(['run-task', 'report', '-c', 'wait']);
    await running.finished;
    const task = await newest();
    const first = await cli.run('terminate-task', 'report', String(task.status?.id), '--async');
    expect(first.stderr).toContain(`Task "${task.metadata.name}" is successfully submitted for termination`);
    await cli.world.final(task.metadata.name);
  });

  test('--now: no grace period', async () => {
    await cli.ok('run-task', 'report', '-c', 'wait');
    const { metadata } = await newest();
    await cli.ok('terminate-task', metadata.name, '--now');
    expect((await newest()).spec).toMatchObject({ terminated: true, gracePeriodSeconds: 0 });
  });
});
