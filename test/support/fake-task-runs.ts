/**
 * Runs TaskRuns without Pods: each ends as the script of its first step says: `ok` or `ok {"result":"value"}`, `fail`,
 * `fail {"result":"value"}`, or `wait` until it is cancelled. CustomRuns end as their spec says, `{ do: 'ok …' }`.
 */

import type { Client } from '../../src/client/client.ts';
import { systemClock } from '../../src/client/clock.ts';
import { itself, type RunningController, startController } from '../../src/client/controller.ts';
import { getIfExists } from '../../src/client/get-if-exists.ts';
import { isFinal } from '../../src/resources/condition.ts';
import type { ObjectRef } from '../../src/resources/meta.ts';
import { CustomRun } from '../../src/resources/tekton/custom-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';

export interface FakeTaskRuns {
  /** Names of TaskRuns in the order in which they began. */
  readonly began: readonly string[];
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export function startFakeTaskRuns(client: Client): FakeTaskRuns {
  const began: string[] = [];
  const start = (name: string, kind: typeof TaskRun | typeof CustomRun, reconcile: (ref: ObjectRef) => Promise<void>) =>
    startController({ name, client, clock: systemClock, watches: [itself(kind)], reconcile });
  const controllers: readonly RunningController[] = [
    start('fake-task-runs', TaskRun, (ref) => runTask(client, ref, began)),
    start('fake-custom-runs', CustomRun, (ref) => runCustom(client, ref)),
  ];
  return {
    began,
    idle: async () => void (await Promise.all(controllers.map((controller) => controller.idle()))),
    stop: async () => void (await Promise.all(controllers.map((controller) => controller.stop()))),
  };
}

async function runTask(client: Client, ref: ObjectRef, began: string[]): Promise<void> {
  const run = await getIfExists(client, TaskRun, ref);
  if (run === undefined || isFinal(run)) return;
  if (!began.includes(ref.name)) began.push(ref.name);
  const isIgnored = run.metadata.annotations?.['pipeline.tekton.dev/pipeline-task-on-error'] === 'continue';
  const outcome = outcomeOf(
    run.spec.taskSpec?.steps?.[0]?.script ?? 'ok',
    run.spec.status === 'TaskRunCancelled' ? 'TaskRunCancelled' : undefined,
    isIgnored ? 'FailureIgnored' : 'StepFailed',
  );
  if (outcome !== undefined) await client.updateStatus(TaskRun, { ...run, status: outcome });
}

async function runCustom(client: Client, ref: ObjectRef): Promise<void> {
  const run = await getIfExists(client, CustomRun, ref);
  if (run === undefined || isFinal(run)) return;
  const { do: what } = (run.spec.customSpec?.spec ?? {}) as { do?: string };
  const cancelled = run.spec.status === 'RunCancelled' ? 'CustomRunCancelled' : undefined;
  const outcome = outcomeOf(what ?? 'ok', cancelled, 'Failed');
  if (outcome !== undefined) await client.updateStatus(CustomRun, { ...run, status: outcome as CustomRun['status'] });
}

function outcomeOf(line: string, cancelled: string | undefined, failed: string): TaskRun['status'] | undefined {
  const [, verb, json = '{}'] = /^(ok|fail|wait)\s*(\{.*\})?/.exec(line.trim()) ?? [];
  const results = Object.entries(JSON.parse(json) as Record<string, string>).map(([name, value]) => ({
    name,
    type: typeof value === 'string' ? 'string' : Array.isArray(value) ? 'array' : 'object',
    value,
  }));
  const end = (status: 'True' | 'False', reason: string): TaskRun['status'] => ({
    conditions: [{ type: 'Succeeded', status, reason, message: '' }],
    completionTime: '2026-01-01T00:00:00Z',
    ...(results.length === 0 ? {} : { results }),
  });
  if (verb === 'ok') return end('True', 'Succeeded');
  if (verb === 'fail') return end('False', failed);
  return cancelled === undefined ? undefined : end('False', cancelled);
}
