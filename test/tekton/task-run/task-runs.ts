/** TaskRuns for tests, and their Pods without any server. */

import type { Pod } from '../../../src/resources/core/pod.ts';
import type { StartOrder } from '../../../src/resources/core/start-order.ts';
import { isKfsOwn } from '../../../src/resources/tekton/kfs-own.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import type { TaskSpec } from '../../../src/resources/tekton/task-spec.ts';
import { podOf } from '../../../src/tekton/task-run/pod.ts';
import {
  bindingsOf,
  checkRun,
  type ResolvedTask,
  runVariables,
  substituteTask,
} from '../../../src/tekton/task-run/substitute.ts';

export type Spec = TaskRun['spec'];

export const taskRun = (spec: Partial<Spec>, annotations: Record<string, string> = {}): TaskRun => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'run', namespace: 'dev', uid: 'u1', labels: { mine: 'x' }, annotations },
  spec: { timeout: '0s', ...spec },
});

/** What `status.taskSpec` will be. @param task default: the run's own spec */
export function specOf(run: TaskRun, task?: ResolvedTask): TaskSpec {
  const resolved = task ?? { name: run.metadata.name, spec: run.spec.taskSpec! };
  checkRun(run, resolved);
  return substituteTask(run, resolved);
}

export function podFor(run: TaskRun, task?: ResolvedTask): Pod {
  const resolved = task ?? { name: run.metadata.name, spec: run.spec.taskSpec! };
  if (isKfsOwn(run)) return podOf(run, { spec: resolved.spec }) as Pod;
  const bindings = bindingsOf(run, runVariables(run, resolved));
  return podOf(run, { spec: specOf(run, resolved), bindings }) as Pod;
}

export const orderIn = (pod: Pod): StartOrder =>
  JSON.parse(pod.metadata.annotations?.['node.kf.dev/start-order'] ?? '{}') as StartOrder;

/** Steps that run `true`. */
export const steps = (...names: string[]) => names.map((name) => ({ name, image: 'i', command: ['true'] }));
