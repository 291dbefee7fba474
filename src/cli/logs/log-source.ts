/** A log that is read to its end, over broken connections and restarts, with nothing lost and nothing twice. */

import type { AnyKind } from '../../client/client.ts';
import { isFinal } from '../../resources/condition.ts';
import { Build } from '../../resources/kf/build.ts';
import { Task } from '../../resources/kf/task.ts';
import { attemptsOf } from '../../resources/kf/task-attempts.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { isNotFound } from '../../resources/status.ts';
import type { KfClient, LogOptions } from '../kf-client.ts';

export interface LogSource {
  open(client: KfClient, options: LogOptions): AsyncIterable<Buffer>;
  /** Whether nothing can be added any more. */
  isOver(client: KfClient): Promise<boolean>;
}

/** All of its log, or one attempt's or stream's. */
export const taskLogSource = (
  ref: ObjectRef,
  { attempt, stream }: Pick<LogOptions, 'attempt' | 'stream'> = {},
): LogSource => ({
  open: (client, options) =>
    client.taskLog(ref, {
      ...options,
      ...(attempt === undefined ? {} : { attempt }),
      ...(stream === undefined ? {} : { stream }),
    }),
  isOver: async (client) => {
    const task = await client.get(Task, ref).catch(ignoreMissing);
    if (task === undefined || isFinal(task)) return true;
    return attempt !== undefined && attemptsOf(task).length > attempt;
  },
});

export const buildLogSource = (ref: ObjectRef): LogSource => ({
  open: (client, options) => client.buildLog(ref, options),
  isOver: async (client) => {
    const build = await client.get(Build, ref).catch(ignoreMissing);
    return build === undefined || isFinal(build);
  },
});

/** The log of a TaskRun or PipelineRun: of all its Pods. */
export const runLogSource = (kind: AnyKind, ref: ObjectRef): LogSource => ({
  open: (client, options) => client.runLog(kind, ref, options),
  isOver: async (client) => {
    const run = await client.get(kind, ref).catch(ignoreMissing);
    return run === undefined || isFinal(run);
  },
});

const ignoreMissing = (error: unknown): undefined => {
  if (isNotFound(error)) return undefined;
  throw error;
};
