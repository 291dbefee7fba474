import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFinal } from '../../../src/resources/condition.ts';
import { labels } from '../../../src/resources/labels.ts';
import type { TestCli } from '../support.ts';
import { JobsCli } from './support.ts';

let on: JobsCli;
let cli: TestCli;
beforeAll(async () => {
  on = await JobsCli.start();
  cli = on.cli;
});
afterAll(() => on.close());

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

describe('run-job', () => {
  beforeAll(() => on.create('manual', 'exit 0'));

  test('Kf’s line on stderr, as run-task has it, a Task of the Job while it is suspended, tips that work as printed', async () => {
    const { stdout, stderr } = await cli.ok('run-job', 'manual');
    const name = /^Task (manual-\w{5}) is submitted successfully for execution\.$/m.exec(stderr)?.[1] ?? '';
    expect(stdout).toBe('');
    const task = await cli.world.final(name);
    expect(task.metadata.labels).toMatchObject({ [labels.jobOwner]: 'manual', [labels.appName]: 'report' });
    expect(task.metadata.ownerReferences).toMatchObject([{ kind: 'TaskSchedule', name: 'manual', controller: true }]);
    expect(task.spec).toEqual({ appRef: { name: 'report' }, command: 'exit 0', displayName: name });
    const tips = [...stderr.matchAll(/: +kf (.*)$/gm)].map((match) => match[1]!.split(' '));
    expect(tips.map(([command]) => command)).toEqual(['logs', 'task', 'job-history']);
    for (const tip of tips) expect(await cli.run(...tip), tip.join(' ')).toMatchObject({ code: 0 });
  });

  test('run-task of a Job says what to type', async () => {
    const { code, stderr } = await cli.run('run-task', 'manual', '--wait');
    expect(code).toBe(125);
    expect(stderr).toContain('"manual" is a Job');
    expect(stderr).toContain('kf run-job manual --space dev');
  });

  test('flags hold for this run; variables one by one', async () => {
    await on.create('template', 'exit 0', '-m', '1G', '-e', 'A=1', '-e', 'B=2', '--timeout', '1h');
    await cli.ok('run-job', 'template', '-m', '2G', '-e', 'B=3', '--cpu-cores', '2', '--args', 'x');
    const [task] = await on.tasks('template');
    await cli.ok('terminate-task', task!.metadata.name, '--now');
    expect(task?.spec).toMatchObject({
      memory: '2Gi',
      cpu: '2',
      timeout: '1h',
      args: ['x'],
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '3' },
      ],
    });
    expect((await on.spec('template')).taskTemplate?.memory).toBe('1Gi');
  });

  test('--wait, --follow, -o: as run-task', async () => {
    await on.create('three', 'exit 3');
    const waited = await cli.run('run-job', 'three', '-w');
    expect(waited.code).toBe(3);
    expect(lastLine(waited.stderr)).toMatch(/^Task three-\w{5} failed: exit code 3\.$/);
    expect(await cli.run('run-job', 'three', '--follow')).toMatchObject({ code: 3, stdout: 'hello\n' });
    const json = await cli.run('run-job', 'three', '-w', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Task', status: { exitCode: 3 } });
    expect((await cli.ok('run-job', 'three', '-o', 'name')).stdout).toMatch(/^task\.kf\.dev\/three-\w{5}\n$/);
  });

  test.each([
    [['nope'], 'taskschedules.kf.dev "nope" not found'],
    [['manual', '-m', 'x'], '--memory-limit'],
    [['manual', 'surplus'], 'accepts 1 arg(s), received 2'],
  ])('bad input %j: 1, or 125 with --wait, and no Task', async (args, reason) => {
    const before = (await on.tasks('manual')).length;
    const plain = await cli.run('run-job', ...args);
    expect(plain).toMatchObject({ code: 1 });
    expect(plain.stderr).toContain(reason);
    expect(await cli.run('run-job', ...args, '--wait')).toMatchObject({ code: 125 });
    expect((await on.tasks('manual')).length).toBe(before);
  });

  test('Forbid: exit 1 naming the active Task; --force runs beside it', async () => {
    await on.create('forbid', 'wait', '-c', 'Forbid');
    await cli.ok('run-job', 'forbid');
    const [active] = await on.tasks('forbid');
    const { code, stderr } = await cli.run('run-job', 'forbid');
    expect(code).toBe(1);
    expect(stderr).toContain(
      `the concurrency policy of Job "forbid" is Forbid, and Task ${active!.metadata.name} (ID `,
    );
    expect(stderr).toContain('kf run-job forbid --force');
    expect(await cli.run('run-job', 'forbid', '--wait')).toMatchObject({ code: 125 });
    expect(await on.tasks('forbid')).toHaveLength(1);
    await cli.ok('run-job', 'forbid', '--force');
    const both = await on.tasks('forbid');
    expect(both.filter((task) => !isFinal(task))).toHaveLength(2);
    for (const { metadata } of both) await cli.ok('terminate-task', metadata.name, '--now');
    await cli.ok('run-job', 'forbid');
  });

  test('Forbid: of many at once, one', async () => {
    await on.create('crowd', 'wait', '-c', 'Forbid');
    const codes = (await Promise.all(Array.from({ length: 5 }, () => cli.run('run-job', 'crowd')))).map(
      ({ code }) => code,
    );
    expect(codes.sort()).toEqual([0, 1, 1, 1, 1]);
    expect(await on.tasks('crowd')).toHaveLength(1);
  });

  test('Replace: terminates the active Task, waits for its end, then runs', async () => {
    await on.create('replace', 'wait', '-c', 'Replace');
    await cli.ok('run-job', 'replace');
    const [first] = await on.tasks('replace');
    const { stderr } = await cli.ok('run-job', 'replace');
    expect(stderr).toContain(
      `Terminating Task ${first!.metadata.name}: the concurrency policy of Job "replace" is Replace.`,
    );
    const active = (await on.tasks('replace')).filter((task) => !isFinal(task));
    expect(active).toHaveLength(1);
    expect(active[0]!.metadata.name).not.toBe(first!.metadata.name);
    const ended = (await on.tasks('replace')).find(({ metadata }) => metadata.name === first!.metadata.name);
    expect(ended?.spec.terminated).toBe(true);
  });
});
