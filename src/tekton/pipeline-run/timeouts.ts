/** How long a PipelineRun, its tasks and its final tasks may take, and when it is to be looked at again. Pure. */

import { parseDuration } from '../../resources/duration.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';

/** Milliseconds; undefined is no limit. */
export interface Limits {
  readonly pipeline: number | undefined;
  readonly tasks: number | undefined;
  readonly finally: number | undefined;
}

const limitOf = (text: string | undefined): number | undefined =>
  (text === undefined ? undefined : parseDuration(text)) || undefined;

/** The three limits; an absent one follows from the other two. */
export function limitsOf({ spec: { timeouts = {} } }: PipelineRun): Limits {
  const pipeline = limitOf(timeouts.pipeline);
  const tasks = limitOf(timeouts.tasks);
  const final = limitOf(timeouts.finally);
  const rest = (other: number | undefined): number | undefined =>
    pipeline === undefined || other === undefined ? undefined : pipeline - other;
  return {
    pipeline,
    tasks: timeouts.tasks === undefined ? rest(final) : tasks,
    finally: timeouts.finally === undefined ? rest(tasks) : final,
  };
}

/** Times are kept in whole seconds, rounded down: a second more, and no run has less than it was promised. */
const roundedDown = 1000;

const deadlineOf = (start: string | undefined, limit: number | undefined): number =>
  start === undefined || limit === undefined ? Infinity : Date.parse(start) + limit + roundedDown;

export interface Deadlines {
  readonly pipeline: number;
  readonly tasks: number;
  readonly finally: number;
}

/** Milliseconds since the epoch; Infinity where there is none, or not yet. */
export function deadlinesOf(run: PipelineRun, limits: Limits): Deadlines {
  const { startTime, finallyStartTime } = (run.status ?? {}) as { startTime?: string; finallyStartTime?: string };
  return {
    pipeline: deadlineOf(startTime, limits.pipeline),
    tasks: deadlineOf(startTime, limits.tasks),
    finally: deadlineOf(finallyStartTime, limits.finally),
  };
}

export interface TimedOut {
  readonly pipeline: boolean;
  readonly tasks: boolean;
  readonly finally: boolean;
}

export const timedOutAt = (now: number, deadlines: Deadlines): TimedOut => ({
  pipeline: now >= deadlines.pipeline,
  tasks: now >= deadlines.tasks,
  finally: now >= deadlines.finally,
});

/** Milliseconds until the next one; undefined where there is none. */
export function untilNext(now: number, deadlines: Deadlines): number | undefined {
  const next = Math.min(...Object.values(deadlines).filter((deadline) => deadline > now));
  return next === Infinity ? undefined : next - now;
}

/**
 * The limit that a task's run gets where the task has none of its own: only one that is more than it would have anyhow.
 * @param usual milliseconds; 0: no limit
 */
export function childTimeout(run: PipelineRun, isFinally: boolean, usual: number): string | undefined {
  const { timeouts = {} } = run.spec;
  const own = isFinally ? timeouts.finally : timeouts.tasks;
  const limit = isFinally ? limitsOf(run).finally : limitsOf(run).tasks;
  if (own !== undefined && parseDuration(own) === 0) return '0s';
  return limit !== undefined && usual > 0 && limit > usual ? `${limit / 1000}s` : undefined;
}
