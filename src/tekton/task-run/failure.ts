/** What ends a TaskRun for good before, or instead of, its Pod. */

import type { Provenance } from '../../resources/tekton/reference.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';

/** A TaskRun that can never run; `reason` is Tekton's. */
export class TaskRunFailure extends Error {
  override readonly name: string = 'TaskRunFailure';
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** What is known of the Task of such a run. */
export interface KnownTask {
  /** As it was found. */
  readonly spec: TaskSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly provenance?: Provenance;
}

/** Such a run of a Task that was found. */
export class UnfitTaskRun extends TaskRunFailure {
  constructor(
    { reason, message }: TaskRunFailure,
    readonly task: KnownTask,
  ) {
    super(reason, message);
  }
}

/** Reason TaskRunValidationFailed: the person who wrote the run can mend it. */
export const userError = (message: string, reason = 'TaskRunValidationFailed'): TaskRunFailure =>
  new TaskRunFailure(reason, `[User error] ${message}`);
