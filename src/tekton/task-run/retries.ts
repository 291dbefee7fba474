/** Further attempts of a TaskRun that failed. Pure. */

import { conditionOf, isFinal, mergeConditions } from '../../resources/condition.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskRunStatus } from '../../resources/tekton/task-run-status.ts';
import { substituteDeep } from '../variables/substitution.ts';
import { attemptOf } from './attempt.ts';
import { succeeded } from './conditions.ts';
import { retryCount } from './task-variables.ts';

/**
 * What a status that says the end becomes where there are attempts left: it is put by, and the run begins anew.
 * @param now RFC 3339
 */
export function retriedWhereAsked(run: TaskRun, status: TaskRunStatus, now: string): TaskRunStatus {
  const condition = conditionOf({ status }, 'Succeeded');
  const left = (run.spec.retries ?? 0) > attemptOf(run);
  if (condition?.status !== 'False' || !left || run.spec.status === 'TaskRunCancelled')
    return isFinal({ status }) ? withAttempt(run, status) : status;
  const { retriesStatus = [], ...open } = status;
  const ended = withAttempt(run, open);
  const { startTime: _start, completionTime: _end, podName: _pod, results: _results, steps, ...kept } = open;
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

/** While there may be further attempts the Task's spec leaves the number open; of one that is over it is known. */
function withAttempt<S extends TaskRunStatus>(run: TaskRun, status: S): S {
  const { taskSpec } = status;
  if (!run.spec.retries || taskSpec === undefined) return status;
  return { ...status, taskSpec: substituteDeep(taskSpec, new Map([[retryCount, String(attemptOf(run))]])) };
}
