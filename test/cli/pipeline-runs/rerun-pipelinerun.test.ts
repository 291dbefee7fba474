import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFinal } from '../../../src/resources/condition.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TestCli } from '../support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
  await cli.world.app('report');
});
afterAll(() => cli.close());

const namespace = 'dev';
const step = (line: string) => ({ steps: [{ name: 's', image: 'host', command: ['/bin/sh', '-c', line] }] });

async function create(name: string, ...lines: readonly string[]): Promise<void> {
  const tasks = lines.map((line, index) => ({
    name: `t${index}`,
    taskSpec: step(line),
    ...(index === 0 ? {} : { runAfter: [`t${index - 1}`] }),
  }));
  await cli.server.client.create(PipelineRun, {
    metadata: { name, namespace, labels: { team: 'a' }, annotations: { note: 'kept' } },
    spec: { pipelineSpec: { tasks } },
  });
}
const final = (name: string) => cli.world.until(PipelineRun, { namespace, name }, isFinal);
const runs = async () => (await cli.server.client.list(PipelineRun, { namespace })).items.length;

describe('kf rerun-pipelinerun', () => {
  test('makes a run that takes over what has succeeded, and tells its end', async () => {
    await create('release', 'exit 0', 'exit 4', 'exit 0');
    await final('release');
    const { code, stdout, stderr } = await cli.run('rerun-pipelinerun', 'release', '--wait', '-o', 'json');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^PipelineRun release-\w{5} is submitted successfully for execution\.$/m);
    expect(stderr).toMatch(/^Task t1: .*exited with code 4/m);
    const run = JSON.parse(stdout) as PipelineRun;
    expect(run.status?.reusedTasks?.map(({ name }) => name)).toEqual(['t0']);
    expect(run.metadata).toMatchObject({
      labels: { team: 'a' },
      annotations: { note: 'kept', 'kf.dev/rerun-of': 'release' },
    });
    const again = await cli.ok('rerun-pipelinerun', run.metadata.name, '-o', 'name');
    expect(again.stdout).toMatch(/^pipelinerun\.tekton\.dev\/release-\w{5}\n$/);
  });

  test.each<[string, () => Promise<void>, string, string]>([
    ['one that is not there', () => create('deploys', 'exit 1'), 'deploy', 'did you mean "deploys"?'],
    ['one that runs', () => create('runs', 'wait'), 'runs', 'PipelineRun "runs" has not ended'],
    [
      'one that has succeeded',
      async () => {
        await create('good', 'exit 0');
        await final('good');
      },
      'good',
      'PipelineRun "good" has succeeded: there is nothing to run again',
    ],
    [
      'an attempt of a Task',
      async () => {
        await cli.world.task('report', 'bad', 'exit 3');
        await cli.world.final('bad');
        await final('bad');
      },
      'bad',
      'PipelineRun "bad" is an attempt of Task "bad"',
    ],
  ])('%s is refused, and nothing is made', async (_, prepare, name, reason) => {
    await prepare();
    const before = await runs();
    expect(await cli.run('rerun-pipelinerun', name)).toMatchObject({
      code: 1,
      stdout: 'FAIL\n',
      stderr: expect.stringContaining(reason),
    });
    expect(await runs()).toBe(before);
  });
});
