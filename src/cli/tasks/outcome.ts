/** What a Task has come to, in words and as exit code. Pure. */

import { conditionOf } from '../../resources/condition.ts';
import type { Task } from '../../resources/kf/task.ts';
import { exitCodes } from '../exit-codes.ts';

export interface TaskOutcome {
  readonly exitCode: number;
  /** One line: `Task NAME failed: exit code 3`. */
  readonly text: string;
}

/** The machine went away under the Task, or took its room back. */
const lost = [
  'NodeRestarted',
  'ContainerStatusUnknown',
  'Evicted',
  'PodEvicted',
  'DiskPressure',
  'PipelineRunDeleted',
  'TaskRunDeleted',
  'PodDeleted',
];
const timedOut = ['TaskTimeout', 'TaskRunTimeout', 'DeadlineExceeded'];
const terminated = ['TaskRunCancelled', 'Cancelled'];

/** Of a final Task. */
export function outcomeOf(task: Task): TaskOutcome {
  const { name } = task.metadata;
  const { exitCode, message = '' } = task.status ?? {};
  const { status, reason = '', message: detail = message } = conditionOf(task, 'Succeeded') ?? {};
  if (status === 'True')
    return {
      exitCode: exitCodes.ok,
      text: `Task ${name} succeeded${message && hasWarning(message) ? ` (${message})` : ''}`,
    };
  if (timedOut.includes(reason)) {
    const limit = task.spec.timeout === undefined ? '' : ` after ${task.spec.timeout}`;
    return { exitCode: exitCodes.timedOut, text: `Task ${name} timed out${limit}` };
  }
  if (terminated.includes(reason)) return { exitCode: exitCodes.terminated, text: `Task ${name} was terminated` };
  if (lost.includes(reason))
    return { exitCode: exitCodes.lost, text: `Task ${name} was lost: ${because(reason, detail)}` };
  if (reason === 'NeverFits')
    return { exitCode: exitCodes.notStarted, text: `Task ${name} can never start: it ${detail}` };
  if (exitCode === undefined)
    return { exitCode: exitCodes.notStarted, text: `Task ${name} did not start: ${because(reason, detail)}` };
  const code = exitCode === 0 ? exitCodes.error : exitCode;
  if (reason === 'Failed' || reason === '')
    return { exitCode: code, text: `Task ${name} failed: ${exitCodeText(code)}` };
  return { exitCode: code, text: `Task ${name} failed: ${exitCodeText(code)}, ${because(reason, detail)}` };
}

export const wasLost = (name: string): TaskOutcome => ({
  exitCode: exitCodes.lost,
  text: `Task ${name} was deleted while it was watched`,
});

/** A success says something only when it has a warning, not what it waited for. */
const hasWarning = (message: string): boolean => /oom|memory|warning/i.test(message);

const because = (reason: string, message: string): string =>
  message === '' || message === reason
    ? reason || 'for an unknown reason'
    : reason === ''
      ? message
      : `${reason}: ${message}`;

const signals: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  134: 'SIGABRT',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  141: 'SIGPIPE',
  143: 'SIGTERM',
};

export const exitCodeText = (code: number): string =>
  signals[code] === undefined ? `exit code ${code}` : `exit code ${code} (${signals[code]})`;

/** Whether its command runs: not so before it has started, nor between two attempts. */
export const isRunning = (task: Task): boolean =>
  task.status?.startTime !== undefined && task.status.nextAttemptTime === undefined;

/** One line for a Task that is not final: what it does, or waits for. */
export function progressOf(task: Task): string {
  const { reason = 'Pending', message = '' } = conditionOf(task, 'Succeeded') ?? {};
  const running = isRunning(task);
  if (running && task.spec.terminated) return 'is being terminated';
  if (running) return 'is running';
  if (task.spec.pending) return 'waits: its Job has not let it start (Pending)';
  return waitingText(reason, message);
}

/** What is waited for, and what happens next. */
function waitingText(reason: string, message: string): string {
  switch (reason) {
    case 'WaitingForRoom':
      return `waits for room on the machine: ${message}; it starts when others have ended`;
    case 'DiskReserve':
      return `waits for room on the disk: ${message}; it is tried again by itself`;
    case 'NodeNotReady':
      return `waits for the machine: ${message}; it starts once that is mended`;
    case 'WaitingForSpace':
      return `waits for room in its Space: ${message}`;
    case 'WaitingForRetry':
      return `waits for its next attempt: ${message}`;
    case 'Unschedulable':
      return `waits for room in the cluster: ${message}`;
    case 'WaitingForBuild':
      return `waits for its image: ${message}; it starts when there is one`;
    case 'WaitingForServices':
      return `waits for a service: ${message}; it starts when that is ready or unbound`;
    case 'Pulling':
      return `waits for its image: ${message}`;
    case 'ImagePullBackOff':
      return `waits for its image: ${message}; it is tried again by itself`;
    default:
      return message === '' ? `waits (${reason})` : `waits: ${message} (${reason})`;
  }
}
