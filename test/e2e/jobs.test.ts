import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { slowness } from '../support/slowness.ts';

/** A Job runs every minute. */
const longest = 120_000 * slowness;

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('report', { 'data.txt': 'x' }, '-c', 'true');
});
afterAll(() => kf.remove());

interface Tasks {
  items: { metadata: { name: string; labels: Record<string, string> }; status: { exitCode?: number } }[];
}
const history = async (job: string) => (await kf.json<Tasks>('job-history', job)).items;

test('a Job runs by hand: its output, its name, its exit code', async () => {
  await kf.ok('create-job', 'report', 'manual', 'echo MANUAL JOB COMPLETE $KF_JOB_NAME; exit 4');
  const { code, stdout } = await kf.run(['run-job', 'manual', '--follow']);
  expect(stdout).toContain('MANUAL JOB COMPLETE manual\n');
  expect(code).toBe(4);
  expect(await history('manual')).toHaveLength(1);
  expect((await kf.ok('jobs')).stdout).toMatch(/manual .*<?unscheduled/);
});

test(
  'a Job runs by its schedule: at its minute, with its slot in the environment',
  async () => {
    await kf.ok('create-job', 'report', 'every', 'echo slot $KF_SCHEDULED_TIME');
    const scheduled = await kf.ok('schedule-job', 'every', '* * * * *');
    expect(scheduled.stdout).toContain('Job every scheduled.');
    await expect
      .poll(async () => (await history('every'))[0]?.status.exitCode, { timeout: 90_000 * slowness, interval: 500 })
      .toBe(0);
    const [task] = await history('every');
    expect(task!.metadata.name).toMatch(/^every-\d{10}$/);
    const seconds = Number(task!.metadata.name.split('-')[1]);
    expect(seconds % 60).toBe(0);
    const slot = new Date(seconds * 1000).toISOString().replace('.000', '');
    expect((await kf.ok('logs', '--job', 'every', '--last')).stdout).toContain(`slot ${slot}\n`);
    await kf.ok('delete-job-schedule', 'every');
    expect((await kf.ok('job-schedules')).stdout).not.toContain('every');
  },
  longest,
);

test('deleting the Job takes its Tasks along', async () => {
  await kf.ok('delete-job', 'manual');
  expect((await kf.ok('jobs')).stdout).not.toContain('manual');
  expect((await kf.run(['job-history', 'manual'])).code).toBe(1);
});

test('a PipelineRun instead of a Task: steps in containers, one log, which outlives a cancelled run', async () => {
  const step = (name: string, line: string) =>
    `{name: ${name}, image: kf.local/stack/host, command: [/bin/sh, -c, '${line}']}`;
  const file = `${kf.home}/pipeline-run.yaml`;
  await writeFile(
    file,
    `apiVersion: tekton.dev/v1
kind: PipelineRun
spec:
  pipelineSpec:
    tasks:
      - {name: first, taskSpec: {steps: [${step('a', 'echo FIRST')}, ${step('b', 'echo SECOND')}]}}
      - {name: last, runAfter: [first], taskSpec: {steps: [${step('c', 'echo THIRD; sleep 60')}]}}
`,
  );
  await kf.ok('create-job', 'pipeline', '--from-file', file, '-c', 'Replace');
  await kf.ok('run-job', 'pipeline');
  await expect
    .poll(async () => (await kf.ok('logs', '--job', 'pipeline', '--last', '--recent')).stdout)
    .toContain('THIRD');
  // The second one ends the first; it is ended in turn, by the deletion of its Job.
  await kf.ok('run-job', 'pipeline');
  const { stdout } = await kf.ok('job-history', 'pipeline');
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  expect((await kf.ok('logs', '--job', 'pipeline', '--failed')).stdout).toBe('FIRST\nSECOND\nTHIRD\n');
  await kf.ok('delete-job', 'pipeline');
});
