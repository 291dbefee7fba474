/** TaskRuns and PipelineRuns of steps that do nothing, and their end. */

import { randomBytes } from 'node:crypto';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { EndWatch } from './end-watch.ts';
import { type BenchServer, space } from './server.ts';

const step = { image: 'kf.local/stack/host', command: ['/bin/sh', '-c', 'echo hi'] };
const stepsOf = (count: number) => Array.from({ length: count }, () => step);
const newName = (): string => `run-${randomBytes(4).toString('hex')}`;

/** @returns its name, once it is acknowledged */
export async function createTaskRun({ client }: BenchServer, steps: number): Promise<string> {
  const name = newName();
  await client.create(TaskRun, { metadata: { name, namespace: space }, spec: { taskSpec: { steps: stepsOf(steps) } } });
  return name;
}

/** @param chained one task after the other, or all at a time */
export async function createPipelineRun({ client }: BenchServer, tasks: number, chained: boolean): Promise<string> {
  const name = newName();
  const pipelineSpec = {
    tasks: Array.from({ length: tasks }, (_, index) => ({
      name: `t${index}`,
      taskSpec: { steps: stepsOf(1) },
      ...(chained && index > 0 ? { runAfter: [`t${index - 1}`] } : {}),
    })),
  };
  await client.create(PipelineRun, { metadata: { name, namespace: space }, spec: { pipelineSpec } });
  return name;
}

export const taskRunWatch = (server: BenchServer): EndWatch<TaskRun> => new EndWatch(server, TaskRun);
export const pipelineRunWatch = (server: BenchServer): EndWatch<PipelineRun> => new EndWatch(server, PipelineRun);
