/** The one word that says where a Task is. Pure. */

import { conditionOf } from '../../resources/condition.ts';
import type { Task } from '../../resources/kf/task.ts';

export const taskStates = ['waiting', 'running', 'succeeded', 'failed'] as const;
export type TaskState = (typeof taskStates)[number];

/** Reasons of a Task whose command runs. */
const active = ['Running', 'Ending'];

/** From the Task's condition Succeeded. */
export function stateFrom(status: unknown, reason: unknown): TaskState {
  if (status === 'True') return 'succeeded';
  if (status === 'False') return 'failed';
  return active.includes(String(reason)) ? 'running' : 'waiting';
}

export function stateOf(task: Task): TaskState {
  const { status, reason } = conditionOf(task, 'Succeeded') ?? {};
  return stateFrom(status, reason);
}

/** Cloud Foundry's words for the same. */
const otherWords: Readonly<Record<string, readonly TaskState[]>> = {
  pending: ['waiting'],
  queued: ['waiting'],
  canceling: ['running'],
  unfinished: ['waiting', 'running'],
  active: ['waiting', 'running'],
  finished: ['succeeded', 'failed'],
};

/** `running` or `waiting,running`. @throws Error for a word that is none */
export function parseStates(text: string): readonly TaskState[] {
  return text.split(',').flatMap((part) => {
    const word = part.trim().toLowerCase();
    const known = taskStates.find((state) => state === word);
    const meant = known === undefined ? otherWords[word] : [known];
    if (meant === undefined) throw new Error(`It must be one of ${taskStates.join(', ')}, unfinished or finished.`);
    return meant;
  });
}
