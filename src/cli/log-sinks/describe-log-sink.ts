/** `kf log-sink`: state, backlog and last error of one log sink. */

import { conditionOf } from '../../resources/condition.ts';
import { LogSink, usualHeldLimit } from '../../resources/kf/log-sink.ts';
import { formatBytes } from '../../resources/quantity.ts';
import { isNotFound } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { count, type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { type Description, formatDescription, section } from '../output/describe.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';

/** @throws CliError when there is none */
async function getLogSink({ client, serverFlags = '' }: Session, name: string): Promise<LogSink> {
  try {
    return await client.get(LogSink, { name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new CliError(error.message, {
      tips: [{ description: 'List the log sinks', command: `kf log-sinks${serverFlags}` }],
    });
  }
}

export async function describeLogSink(context: Context, name: string, output?: OutputFormat): Promise<void> {
  context.dataOnly = output !== undefined;
  const sink = await getLogSink(await context.session(), name);
  if (output !== undefined) return context.io.out(await formatObject(output, LogSink, sink));
  context.io.note(`Getting log sink ${name}`);
  await context.io.out(formatDescription(describe(sink)));
}

function describe({ metadata, spec, status = {} }: LogSink): Description {
  const ready = conditionOf({ status }, 'Ready');
  const { secretRef } = spec;
  return [
    ['Name', metadata.name],
    ['URL', spec.url],
    ['Created', metadata.creationTimestamp],
    ['Spaces', spec.spaces?.join(', ') ?? 'all'],
    ['Secret', secretRef === undefined ? undefined : `${secretRef.namespace}/${secretRef.name}`],
    ['Ready', ready?.status ?? 'Unknown'],
    ['Reason', ready?.reason],
    ['Message', ready?.message || undefined],
    [
      'Delivered',
      section([
        ['Lines', status.deliveredLines ?? 0],
        ['Last', status.lastDeliveryTime],
      ]),
    ],
    ['Backlog', backlogOf(status)],
    ['Held At Most', `${spec.heldLimit ?? usualHeldLimit} of deleted Tasks`],
    [
      'Dropped',
      status.droppedTasks
        ? `${formatBytes(status.droppedBytes ?? 0)} of ${count(status.droppedTasks, 'deleted Task')}`
        : undefined,
    ],
    ['Refused', status.refusedLines ? count(status.refusedLines, 'line') : undefined],
    [
      'Last Error',
      section([
        ['Time', status.lastErrorTime],
        ['Message', status.lastError],
      ]),
    ],
  ];
}

const backlogOf = ({ backlogBytes = 0, backlogTasks = 0 }: NonNullable<LogSink['status']>): string =>
  backlogBytes === 0 ? 'none' : `${formatBytes(backlogBytes)} of ${count(backlogTasks, 'Task')}`;

export async function deleteLogSink(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const session = await context.changing();
  const sink = await getLogSink(session, name);
  context.io.note(`Deleting log sink "${name}"`);
  if (sink.status?.backlogBytes) context.io.note(`${backlogOf(sink.status)} will not be delivered to it.`);
  await deleteAndWait(context, session, { kind: LogSink, ref: { name }, ...flags });
}
