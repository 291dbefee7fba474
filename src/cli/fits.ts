/** Refuses, before anything is made, what could never run for want of memory. */

import { Node } from '../resources/core/kinds.ts';
import { allocatableMemory, ownNodes } from '../resources/core/node-room.ts';
import type { App } from '../resources/kf/app.ts';
import { Space } from '../resources/kf/space.ts';
import { formatBytes, parseQuantity } from '../resources/quantity.ts';
import { StatusError } from '../resources/status.ts';
import type { Session } from './context.ts';
import { CliError } from './errors.ts';

/** The memory limit that a Task has: its own, else the App's, else the default. */
export const memoryOf = (task: { readonly memory?: string }, app: App): string =>
  String(task.memory || app.spec.template.spec.containers[0]?.resources?.limits?.memory || '1Gi');

/**
 * @param memory a quantity of bytes
 * @param prefix what the refusal begins with
 * @throws CliError naming what there is
 */
export async function checkFits({ client, space }: Session, memory: string, prefix = ''): Promise<void> {
  const wanted = parseQuantity(memory);
  if (wanted === undefined) return;
  const [nodes, found] = await Promise.all([
    // Whoever may not look at Nodes is told later, by the Task.
    client.list(Node, { labelSelector: ownNodes }).then(({ items }) => items, unlessRefused([])),
    client.get(Space, { name: space }).catch(unlessRefused(undefined)),
  ]);
  const rooms = nodes.map(allocatableMemory).filter((bytes) => bytes !== undefined);
  const largest = Math.max(...rooms);
  if (rooms.length > 0 && wanted > largest)
    throw new CliError(
      `${prefix}it needs ${formatBytes(wanted)} of memory, and this machine has ${formatBytes(largest)} for Tasks: it could never start. Ask for less (-m SIZE)`,
    );
  const cap = found?.spec?.taskConfig?.limits?.memory;
  if (cap !== undefined && wanted > (parseQuantity(cap) ?? Number.POSITIVE_INFINITY))
    throw new CliError(
      `${prefix}it needs ${formatBytes(wanted)} of memory, and all Tasks of Space "${space}" together may have ${cap}: it could never start. Ask for less (-m SIZE), or raise the cap (kf configure-space set-task-limits)`,
    );
}

const unlessRefused =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof StatusError && ['Forbidden', 'NotFound'].includes(error.reason ?? '')) return value;
    throw error;
  };
