/** Why a Task does not start, or not yet. Pure. */

import { type ConditionDraft, conditionOf } from '../../resources/condition.ts';
import type { App } from '../../resources/kf/app.ts';
import type { Task } from '../../resources/kf/task.ts';
import { annotations } from '../../resources/labels.ts';
import { commandOf } from './pipeline-run.ts';

/** What a Task waits for. */
export const waiting = (reason: string, message: string): ConditionDraft => ({
  type: 'TaskRunReady',
  status: 'Unknown',
  reason,
  message,
});
/** Why it ended without a TaskRun. */
export const refused = (reason: string, message: string): ConditionDraft => ({
  type: 'TaskRunReady',
  status: 'False',
  reason,
  message,
});

/** Who ended it, as far as that is known. */
export function terminated({ metadata, spec }: Task): string {
  const by = spec.terminated ? metadata.annotations?.[annotations.changedBy] : undefined;
  return by === undefined ? 'terminated' : `terminated by ${by}`;
}

/** What keeps a Task from starting, or undefined. Only facts are final; what may still come is waited for. */
export function obstacleOf(task: Task, app: App): ConditionDraft | undefined {
  if (app.status?.image === undefined) {
    const build = conditionOf(app, 'BuildReady');
    const upToDate = app.status?.observedGeneration === app.metadata.generation;
    if (build?.status === 'False' && upToDate)
      return refused('BuildFailed', `the App has no image: ${build.message ?? 'its build failed'}`);
    const why = build?.reason === 'NodeNotReady' ? `: ${build.message}` : '';
    return waiting('WaitingForBuild', `the first build of App "${app.metadata.name}" has not ended${why}`);
  }
  const bindings = conditionOf(app, 'ServiceInstanceBindingsReady');
  // Without its database or its volume it would do something else than what was asked for.
  if (bindings !== undefined && bindings.status !== 'True')
    return waiting('WaitingForServices', bindings.message ?? 'a service is not ready');
  if (commandOf(task, app) === undefined) return refused('NoStartCommand', 'Start command not found on App or Task');
  return undefined;
}
