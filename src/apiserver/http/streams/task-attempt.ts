/** Which Pod's output one attempt of a Task is. */

import { isFinal } from '../../../resources/condition.ts';
import { Task } from '../../../resources/kf/task.ts';
import { attemptsOf } from '../../../resources/kf/task-attempts.ts';
import { refOf } from '../../../resources/meta.ts';
import { statusError } from '../../../resources/status.ts';
import type { ReadApi } from '../read-api.ts';
import { endOf } from './log-end.ts';

export interface AttemptLog {
  readonly pod: string;
  /** Whether the attempt has ended, by the Task as it is then. */
  isOver(latest: Task): boolean;
}

/**
 * Whoever follows waits for an attempt that is still to come.
 * @throws StatusError NotFound when the Task has not made it, or never will
 */
export async function attemptLog(
  reads: ReadApi,
  task: Task,
  attempt: number,
  { follow, clientGone }: { readonly follow: boolean; readonly clientGone: AbortSignal },
): Promise<AttemptLog> {
  const latest = follow ? await onceThere(reads, task, attempt, clientGone) : task;
  const pod = attemptsOf(latest)[attempt - 1]?.podName;
  if (pod !== undefined) return { pod, isOver: (later) => isFinal(later) || attemptsOf(later).length > attempt };
  const count = attemptsOf(latest).length;
  const has = count === 0 ? 'none' : `${count}`;
  throw statusError('NotFound', `attempt ${attempt} of Task "${task.metadata.name}" not found: it has made ${has}`);
}

async function onceThere(reads: ReadApi, task: Task, attempt: number, clientGone: AbortSignal): Promise<Task> {
  const isThere = (latest: Task): boolean => isFinal(latest) || attemptsOf(latest)[attempt - 1]?.podName !== undefined;
  if (isThere(task)) return task;
  const end = endOf(reads, Task, task, (latest) => isThere(latest as Task), clientGone);
  try {
    await new Promise<void>((resolve) => {
      for (const signal of [end.signal, clientGone])
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return (await reads.get(Task, refOf(task))) as Task;
  } finally {
    end.stop();
  }
}
