/** What a Task's status says, as it follows from its TaskRun. Pure. */

import { type ConditionDraft, conditionOf } from '../../resources/condition.ts';
import { formatDuration } from '../../resources/duration.ts';
import type { Task } from '../../resources/kf/task.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { StepState } from '../../resources/tekton/task-run-status.ts';

type TaskStatus = NonNullable<Task['status']>;

export interface Outcome {
  readonly condition: ConditionDraft;
  readonly fields: Partial<TaskStatus>;
}

const draft = (status: ConditionDraft['status'], reason: string | undefined, message: string): ConditionDraft => ({
  type: 'TaskRunReady',
  status,
  ...(reason === undefined ? {} : { reason }),
  message,
});

export function outcomeOf(run: TaskRun): Outcome {
  const condition = conditionOf(run, 'Succeeded');
  const step = run.status?.steps?.[0];
  const ended = step?.terminated;
  const fields: Partial<TaskStatus> = {
    ...(run.status?.podName === undefined ? {} : { podName: run.status.podName }),
    ...times(run, step),
    ...(hasExitCode(ended) ? { exitCode: ended.exitCode } : {}),
    ...(step?.usage === undefined ? {} : { usage: usageOf(step) }),
  };
  // A success has something to say only where the node warns of something.
  if (condition?.status === 'True') return { condition: draft('True', undefined, ended?.message ?? ''), fields };
  if (condition?.status === 'False') return { condition: failure(condition, step), fields };
  return { condition: progress(condition?.reason ?? 'Started', condition?.message ?? ''), fields };
}

/** A Pod that waits says why in two parts, `WaitingForRoom: needs 1Gi …`; the first one is the reason. */
function progress(reason: string, message: string): ConditionDraft {
  const [, ofPod, rest] =
    /^([A-Z][A-Za-z]+): (.*)$/s.exec(['Pending', 'PullImageFailed'].includes(reason) ? message : '') ?? [];
  return draft('Unknown', ofPod ?? reason, rest ?? message);
}

/** An exit code exists where the command ran; what never started, or was lost, has none. */
const withoutExitCode = [
  'ContainerCannotRun',
  'CreateContainerConfigError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'InvalidImageName',
  'NoShell',
  'NodeRestarted',
  'ContainerStatusUnknown',
  'Skipped',
  'NeverFits',
];
const hasExitCode = (ended: StepState['terminated']): ended is NonNullable<StepState['terminated']> =>
  ended !== undefined && !withoutExitCode.includes(ended.reason ?? '');

/** Kf's words for what ended a Task: the node's reason where it has one, else Tekton's. */
function failure(condition: ConditionDraft, step: StepState | undefined): ConditionDraft {
  const ended = step?.terminated;
  const message = condition.message ?? '';
  if (condition.reason === 'TaskRunCancelled') return draft('False', 'TaskRunCancelled', 'terminated');
  if (condition.reason === 'PodDeleted') return draft('False', 'PodDeleted', message);
  if (condition.reason === 'TaskRunTimeout') return draft('False', 'TaskTimeout', message);
  if (ended !== undefined && ended.reason !== undefined && !['Error', 'Completed'].includes(ended.reason))
    return draft('False', ended.reason, ended.message ?? message);
  if (ended !== undefined && ended.exitCode !== 0) return draft('False', 'Failed', `exit code ${ended.exitCode}`);
  return draft('False', condition.reason ?? 'Failed', message);
}

function times(run: TaskRun, step: StepState | undefined): Partial<TaskStatus> {
  const startTime = step?.terminated?.startedAt ?? step?.running?.startedAt;
  const ended = run.status?.completionTime;
  const start = startTime ?? (ended === undefined ? undefined : run.status?.startTime);
  // Where only Tekton's whole seconds are known, the end seems to lie before the start.
  const completionTime =
    ended !== undefined && start !== undefined && Date.parse(ended) < Date.parse(start) ? start : ended;
  return {
    ...(start === undefined ? {} : { startTime: start }),
    ...(completionTime === undefined || start === undefined
      ? {}
      : {
          completionTime,
          duration: formatDuration(Date.parse(completionTime) - Date.parse(start)),
        }),
  };
}

function usageOf(step: StepState): NonNullable<TaskStatus['usage']> {
  const usage = step.usage ?? {};
  return {
    ...(usage.memoryPeakBytes === undefined ? {} : { memoryPeakBytes: usage.memoryPeakBytes }),
    ...(usage.cpuMilliseconds === undefined ? {} : { cpuMilliseconds: usage.cpuMilliseconds }),
    ...(usage.diskBytes === undefined ? {} : { diskBytes: usage.diskBytes }),
  };
}
