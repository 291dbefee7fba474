/** Further attempts of a TaskRun that failed. Pure. */

import { conditionOf, mergeConditions } from '../../resources/condition.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskRunStatus } from '../../resources/tekton/task-run-status.ts';
import { attemptOf } from './attempt.ts';
import { succeeded } from './conditions.ts';

/**
 * What a status that says the end becomes where there are attempts left: it is put by, and the run begins anew.
 * @param now RFC 3339
 */
export function retriedWhereAsked(run: TaskRun, status: TaskRunStatus, now: string): TaskRunStatus {
  const condition = conditionOf({ status }, 'Succeeded');
  const left = (run.spec.retries ?? 0) > attemptOf(run);
  if (condition?.status !== 'False' || !left || run.spec.status === 'TaskRunCancelled') return status;
  const { retriesStatus = [], ...ended } = status;
  const { startTime: _start, completionTime: _end, podName: _pod, results: _results, steps, ...kept } = ended;
  return {
    ...kept,
    // Where StepActions came from is found out once.
    ...(steps?.some(({ provenance }) => provenance !== undefined)
      ? { steps: steps.map(({ name, provenance }) => ({ name, ...(provenance === undefined ? {} : { provenance }) })) }
      : {}),
    retriesStatus: [...retriesStatus, ended],
    conditions: mergeConditions(kept.conditions, [succeeded('Unknown', 'ToBeRetried', condition.message ?? '')], now),
  };
}
