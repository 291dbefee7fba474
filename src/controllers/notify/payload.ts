/** The body of a post: `type`, `timestamp` and `data` as Standard Webhooks has them, `text` as chat programs take it. Pure. */

import type { Notification } from '../../resources/kf/notification.ts';
import type { LogEnd } from './log-end.ts';

type Spec = Notification['spec'];

const types: Readonly<Record<Spec['event'], string>> = {
  failed: 'task.failed',
  missed: 'job.missed',
  skipped: 'job.skipped',
  recovered: 'job.recovered',
  expected: 'job.expected',
  test: 'test',
};

/** @param log absent where there is none, or none any more */
export function payloadOf({ metadata, spec }: Notification, log: LogEnd | undefined): string {
  const space = metadata.namespace ?? '';
  const { event, app, job, slot, slots, reason, message } = spec;
  return JSON.stringify({
    type: types[event],
    timestamp: spec.time,
    text: textOf(space, spec),
    data: {
      event,
      space,
      app,
      job,
      slot,
      slots,
      task: spec.task === undefined ? undefined : taskOf(spec.task),
      reason,
      message,
      seeAlso: commandOf(space, spec),
      log,
    },
  });
}

const taskOf = ({ uid: _, id, ...facts }: NonNullable<Spec['task']>) => ({ ...facts, number: id });

/** One line for people. */
function textOf(space: string, spec: Spec): string {
  const command = commandOf(space, spec);
  return `${sentence(space, spec)}${command === undefined ? '' : ` See: ${command}`}`;
}

function sentence(space: string, { event, app, job, task, reason, message = '', slots = [] }: Spec): string {
  const place = app === undefined ? `Space ${space}` : `App ${app} in Space ${space}`;
  const details = message === '' ? '' : `: ${message}`;
  const times = slots.map(({ time }) => time).join(', ');
  if (event === 'failed') {
    const number = task?.id === undefined ? '' : ` (ID ${task.id})`;
    const of = job === undefined ? '' : ` of Job ${job}`;
    const why = message !== '' ? details : reason === undefined ? '' : `: ${reason}`;
    return `${app === undefined ? 'Run' : 'Task'} ${task?.name ?? ''}${number}${of}, ${place}, failed${why}.`;
  }
  if (event === 'missed') return `Job ${job} of ${place} was not run at ${times}${details}.`;
  if (event === 'skipped') return `Job ${job} of ${place} skipped ${times}${details}.`;
  if (event === 'recovered') return `Job ${job} of ${place} has recovered${details}.`;
  if (event === 'expected') return `Job ${job} of ${place} is overdue${details}.`;
  return `This is a test: Space ${space} posts here what happens to its Tasks.`;
}

/** What to type to see more. */
function commandOf(space: string, { event, job, task }: Spec): string | undefined {
  if (event === 'failed' && task !== undefined) return `kf logs ${task.name} --space ${space}`;
  if (job !== undefined && (event === 'missed' || event === 'skipped')) return `kf job-history ${job} --space ${space}`;
  return job === undefined ? undefined : `kf job ${job} --space ${space}`;
}
