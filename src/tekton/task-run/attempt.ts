/** The attempt that a TaskRun is at: its number, the name of its Pod, the time that it has to end. Pure. */

import { annotations } from '../../resources/labels.ts';
import { childName } from '../../resources/names.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';

/** @param attempt 0 is the first one */
export const podName = (run: { readonly metadata: { readonly name: string } }, attempt: number): string =>
  childName(run.metadata.name, attempt === 0 ? '-pod' : `-pod-retry${attempt}`);

/** Attempts that are over. */
export const attemptOf = (run: TaskRun): number => run.status?.retriesStatus?.length ?? 0;

/** Seconds; an annotation that is no number says nothing. */
export function gracePeriodOf(run: TaskRun): number | undefined {
  const text = run.metadata.annotations?.[annotations.gracePeriod] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
