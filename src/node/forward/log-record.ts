/** A line on its way to a sink, with all that says where it comes from. */

import type { Build } from '../../resources/kf/build.ts';
import type { Task } from '../../resources/kf/task.ts';
import { attemptsOf } from '../../resources/kf/task-attempts.ts';
import { labels } from '../../resources/labels.ts';

/** The Task or Build of a log. Kept on disk with the log's place, since it may be deleted before its log is delivered. */
export interface LogOwner {
  readonly space: string;
  readonly app: string;
  /** Either this or `build`. */
  readonly task?: string;
  readonly build?: string;
  /** The Task's number. */
  readonly id?: number;
  readonly job?: string;
  /** Number of the attempt by name of its Pod. */
  readonly attempts: Readonly<Record<string, number>>;
}

/** One attempt of a Task, or a Build; shared by all records of a batch, so that it can be told by identity. */
export interface LogOrigin extends Omit<LogOwner, 'attempts'> {
  readonly attempt: number;
}

export interface LogRecord {
  readonly origin: LogOrigin;
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, UTC. */
  readonly time: string;
  /** Without its newline. What is no UTF-8 is replaced. */
  readonly message: string;
  /** The line goes on in the stream's next record. */
  readonly partial?: true;
}

export function ownerOfTask(task: Task): LogOwner {
  const { metadata, spec, status } = task;
  const job = metadata.labels?.[labels.jobOwner];
  const attempts = attemptsOf(task).flatMap(({ podName, attempt }) =>
    podName === undefined ? [] : [[podName, attempt]],
  );
  return {
    space: metadata.namespace ?? '',
    app: spec.appRef.name,
    task: metadata.name,
    ...(status?.id === undefined ? {} : { id: status.id }),
    ...(job === undefined ? {} : { job }),
    attempts: Object.fromEntries(attempts) as Record<string, number>,
  };
}

export const ownerOfBuild = ({ metadata }: Build): LogOwner => ({
  space: metadata.namespace ?? '',
  app: metadata.labels?.[labels.appName] ?? '',
  build: metadata.name,
  attempts: {},
});

/** The fields of a record as every structured sink gets them. */
export const fieldsOf = ({ origin, stream, message, partial }: LogRecord) => ({
  ...origin,
  stream,
  message,
  ...(partial ? { partial } : {}),
});

/** Seconds and nanoseconds since the epoch. A time that is none is 0. */
export function instantOf(time: string): { readonly seconds: number; readonly nanoseconds: number } {
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds)) return { seconds: 0, nanoseconds: 0 };
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? '';
  return { seconds: Math.floor(milliseconds / 1000), nanoseconds: Number(fraction.padEnd(9, '0')) };
}
