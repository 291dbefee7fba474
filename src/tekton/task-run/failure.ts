/** What ends a TaskRun for good before, or instead of, its Pod. */

/** A TaskRun that can never run; `reason` is Tekton's. */
export class TaskRunFailure extends Error {
  override readonly name = 'TaskRunFailure';
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** Reason TaskRunValidationFailed: the person who wrote the run can mend it. */
export const userError = (message: string, reason = 'TaskRunValidationFailed'): TaskRunFailure =>
  new TaskRunFailure(reason, `[User error] ${message}`);
