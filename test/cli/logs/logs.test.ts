import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Task } from '../../../src/resources/kf/task.ts';
import { TestCli } from '../support.ts';

const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');

let cli: TestCli;
/** Names of the Tasks 1, 2, 3: succeeded, failed, succeeded. */
const names: string[] = [];
beforeAll(async () => {
  cli = await TestCli.start();
  await cli.world.app('report');
  for (const code of [0, 1, 0]) {
    const name = (await cli.run('run-task', 'report', '-c', `exit ${code}`, '--wait', '-o', 'name')).stdout;
    names.push(name.trim().replace('task.kf.dev/', ''));
  }
  const { items } = await cli.server.client.list(Task, { namespace: 'dev' });
  for (const task of items)
    cli.logs.set(task.metadata.uid!, `of ${task.status?.id}\n${lines(20)}no newline at the end`);
});
afterAll(() => cli.close());

const whole = (id: number): string => `of ${id}\n${lines(20)}no newline at the end`;

describe('one selected Task prints its whole log, byte for byte', () => {
  test.each([
    ['--id NUMBER', () => ['report', '--task', '--id', '2'], 2],
    ['--id NAME', () => ['report', '--task', '--id', names[0]!], 1],
    ['APP ID', () => ['report', '3'], 3],
    ['TASK_NAME', () => [names[1]!], 2],
    ['--last', () => ['report', '--last'], 3],
    ['--failed', () => ['report', '--task', '--failed'], 2],
    ['--recent', () => ['report', '--last', '--recent'], 3],
    ['-f', () => ['report', '--last', '-f'], 3],
  ])('%s', async (_, args, id) => {
    expect(await cli.ok('logs', ...args())).toMatchObject({ stdout: whole(id), stderr: '' });
  });

  test('-n: its last lines', async () => {
    expect((await cli.ok('logs', 'report', '--id', '1', '-n', '2')).stdout).toBe('line 20\nno newline at the end');
    expect((await cli.ok('logs', 'report', '--id', '1', '--tail', '2')).stdout).toContain('line 20');
    expect((await cli.ok('logs', 'report', '--id', '1', '-n', '0')).stdout).toBe(whole(1));
  });

  test('a running one is followed to its end', async () => {
    await cli.ok('run-task', 'report', '-c', 'wait');
    const { items } = await cli.server.client.list(Task, {
      namespace: 'dev',
      labelSelector: 'app.kubernetes.io/version=4',
    });
    const { name } = items[0]!.metadata;
    const running = cli.start(['logs', 'report', '--last']);
    await running.prints('hello');
    await cli.ok('terminate-task', name, '--now');
    expect(await running.finished).toMatchObject({ code: 0, stdout: 'hello\n' });
  });
});

describe('all Tasks', () => {
  test('--recent: 10 lines of each, every line with its Task before it', async () => {
    const { stdout, stderr } = await cli.ok('logs', 'report', '--task', '--recent');
    const printed = stdout.trimEnd().split('\n');
    for (const [index, name] of names.entries()) {
      const own = printed.filter((line) => line.startsWith(`[${name}/${index + 1}] `));
      expect(own.length).toBe(10);
      expect(own.at(-1)).toBe(`[${name}/${index + 1}] no newline at the end`);
    }
    expect(printed[0]).toContain(`[${names[0]}/1]`);
    expect(stderr).toBe('');
  });

  test('without --task it is the same, and says so; -n counts for each; colours on a terminal', async () => {
    const running = cli.start(['logs', 'report', '--recent', '-n', '1'], { colour: true });
    const { stdout, stderr } = await running.finished;
    expect(stderr).toContain('as with --task');
    expect(stdout.split('\n')[0]).toBe(`\x1b[33m[${names[0]}/1]\x1b[0m no newline at the end`);
  });

  test('following shows new Tasks from their first line, until Ctrl-C', async () => {
    const running = cli.start(['logs', 'report', '--task', '-n', '1']);
    await running.prints('Waiting for Tasks');
    cli.logs.set('*', lines(15));
    await cli.ok('run-task', 'report', '-c', 'exit 0');
    await running.prints('] line 15');
    expect(running.stdout.match(/^\[report-\S+\] line \d+$/gm)?.length).toBe(15);
    running.interrupt();
    expect((await running.finished).code).toBe(130);
    cli.logs.delete('*');
  });
});

describe('what of a log', () => {
  test('one Task: chosen by the server, but for --grep', async () => {
    cli.queries.length = 0;
    const args = [
      'report',
      '3',
      '--since',
      '2026-01-01T00:00:00Z',
      '--stream',
      'stderr',
      '--timestamps',
      '--attempt',
      '1',
    ];
    expect((await cli.ok('logs', ...args, '--grep', 'line 1\\d$', '-n', '2')).stdout).toMatch(
      /^2026-01-01T\S+ line 18\n2026-01-01T\S+ line 19\n$/,
    );
    expect(cli.queries).toMatchObject([
      {
        sinceTime: '2026-01-01T00:00:00.000Z',
        stream: 'stderr',
        timestamps: true,
        pod: expect.stringContaining('pod'),
      },
    ]);
  });

  test('all Tasks: every line that fits, not 10', async () => {
    const { stdout } = await cli.ok('logs', 'report', '--grep', 'LINE|(?:line)', '--recent');
    expect(stdout.match(/line \d+$/gm)?.length).toBe(60);
    const all = await cli.ok('logs', 'report', '--since', '2001-01-01', '--recent');
    expect(all.stdout).toContain(`[${names[0]}/1] of 1\n`);
  });

  test('Tasks that ended before are not read', async () => {
    cli.queries.length = 0;
    const { stdout } = await cli.ok('logs', 'report', '--since', '2999-01-01', '--recent');
    for (const name of names) expect(stdout).not.toContain(name);
    const { items } = await cli.server.client.list(Task, { namespace: 'dev' });
    const read = cli.queries.map(({ owner }) => items.find(({ metadata }) => metadata.uid === owner)?.metadata.name);
    for (const name of names) expect(read).not.toContain(name);
  });

  test('Tasks without such an attempt are left out; of one Task it is an error', async () => {
    expect((await cli.ok('logs', 'report', '--attempt', '7', '--recent')).stdout).toBe('');
    const { code, stderr } = await cli.run('logs', 'report', '1', '--attempt', '7');
    expect(code).toBe(1);
    expect(stderr).toContain(`attempt 7 of Task "${names[0]}" not found: it has made 1`);
  });
});

describe('errors', () => {
  test.each([
    [['nope'], 'failed to tail logs: apps.kf.dev "nope" not found'],
    [['nope', '--task', '--id', '1'], 'apps.kf.dev "nope" not found'],
    [['report', '--id', '99'], 'No Task found for App "report" and Task ID "99"'],
    [['report', '--id', '1', '--last'], '--id names one Task'],
    [['report', '--since', 'yesterday'], 'It must be how long ago, like 90s'],
    [['report', '--grep', '('], 'It must be a regular expression: /(/'],
    [['report', '--stream', 'both'], 'Allowed choices are stdout, stderr'],
    [['report', '--attempt', '0'], 'an attempt must be a number of 1 or more'],
    [['report', '-n', 'x'], 'number of lines must be greater than or equal to 0'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await cli.run('logs', ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  test('--last and --failed of an App that has none', async () => {
    await cli.world.app('idle');
    expect((await cli.run('logs', 'idle', '--last')).stderr).toContain('App "idle" has no Tasks');
    expect((await cli.run('logs', 'idle', '--failed')).stderr).toContain('App "idle" has no failed Tasks');
  });
});
