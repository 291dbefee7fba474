/** Refuses, before anything is made, what could never run for want of memory, disk or processors. */

import { Node } from '../../resources/core/kinds.ts';
import { allocatable, ownNodes } from '../../resources/core/node-room.ts';
import type { App } from '../../resources/kf/app.ts';
import { Space } from '../../resources/kf/space.ts';
import { formatBytes, parseQuantity } from '../../resources/quantity.ts';
import { StatusError } from '../../resources/status.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';

/** What a Task has: its own, else the App's, else the default. */
export function wantedBy(task: Partial<Wanted>, app: App): Wanted {
  const { limits, requests } = app.spec.template.spec.containers[0]?.resources ?? {};
  return {
    memory: String(task.memory || limits?.memory || '1Gi'),
    disk: String(task.disk || limits?.['ephemeral-storage'] || '1Gi'),
    cpu: String(task.cpu || requests?.cpu || limits?.cpu || '100m'),
  };
}

/** Quantities: bytes, cores. What is absent is not looked at. */
export interface Wanted {
  readonly memory?: string;
  readonly disk?: string;
  readonly cpu?: string;
}

/**
 * @param prefix what the refusal begins with
 * @throws CliError naming what there is
 */
export async function checkFits({ client, space }: Session, { memory, disk, cpu }: Wanted, prefix = ''): Promise<void> {
  const [nodes, found] = await Promise.all([
    // Whoever may not look at Nodes is told later, by the Task.
    client.list(Node, { labelSelector: ownNodes }).then(({ items }) => items, unlessRefused([])),
    client.get(Space, { name: space }).catch(unlessRefused(undefined)),
  ]);
  const wanted = bytesOf(memory);
  checkNodes(nodes, { wanted, resource: 'memory', what: 'memory', flag: '-m', prefix });
  checkNodes(nodes, { wanted: bytesOf(disk), resource: 'ephemeral-storage', what: 'disk', flag: '-k', prefix });
  const caps = found?.spec?.taskConfig?.limits ?? {};
  const refuse = (what: string, cap: string | number, flag: string): never => {
    throw new CliError(
      `${prefix}it needs ${what}, and all Tasks of Space "${space}" together may have ${cap}: it could never start. Ask for less (${flag}), or raise the cap (kf configure-space set-task-limits)`,
    );
  };
  if (isAbove(wanted, caps.memory)) refuse(`${formatBytes(wanted)} of memory`, caps.memory!, '-m SIZE');
  if (cpu && isAbove(parseQuantity(cpu) ?? 0, caps.cpu)) refuse(`${cpu} cores`, caps.cpu!, '--cpu-cores CORES');
}

interface Need {
  readonly wanted: number;
  readonly resource: Parameters<typeof allocatable>[1];
  readonly what: string;
  readonly flag: string;
  readonly prefix: string;
}

/** @throws CliError when none has it */
function checkNodes(nodes: readonly Node[], { wanted, resource, what, flag, prefix }: Need): void {
  const rooms = nodes.map((node) => allocatable(node, resource)).filter((bytes) => bytes !== undefined);
  const largest = Math.max(...rooms);
  if (rooms.length > 0 && wanted > largest)
    throw new CliError(
      `${prefix}it needs ${formatBytes(wanted)} of ${what}, and this machine has ${formatBytes(largest)} for Tasks: it could never start. Ask for less (${flag} SIZE)`,
    );
}

const bytesOf = (quantity: string | undefined): number => (quantity && parseQuantity(quantity)) || 0;

const isAbove = (wanted: number, cap: string | number | undefined): boolean =>
  cap !== undefined && wanted > (parseQuantity(cap) ?? Number.POSITIVE_INFINITY);

const unlessRefused =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof StatusError && ['Forbidden', 'NotFound'].includes(error.reason ?? '')) return value;
    throw error;
  };
