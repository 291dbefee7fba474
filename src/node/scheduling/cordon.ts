/** A Node on which nothing new is to start (`kubectl cordon`, `kf server stop --drain`): what runs goes on. */

import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { reflect } from '../../client/reflector.ts';
import { drainPatch } from '../../resources/core/draining.ts';
import { Node } from '../../resources/core/kinds.ts';
import { annotations } from '../../resources/labels.ts';

export interface CordonOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly signal: AbortSignal;
  /** The reason why nothing is to start; undefined once it may again. */
  readonly onChange: (reason: string | undefined) => void;
  /** The Node as it is now; undefined when there is none. */
  readonly onNode: (node: Node | undefined) => void;
  readonly onError: (message: string, error: unknown) => void;
}

export const cordoned = 'NodeUnschedulable';

/** Resolves once it is known how it stands. */
export function followCordon({
  client,
  clock,
  nodeName,
  signal,
  onChange,
  onNode,
  onError,
}: CordonOptions): Promise<unknown> {
  return reflect({
    client,
    kind: Node,
    list: { fieldSelector: `metadata.name=${nodeName}` },
    clock,
    signal,
    onObject: (node, gone) => {
      onNode(gone ? undefined : node);
      onChange(gone ? undefined : reasonOf(node));
    },
    onError: (error) => onError('watching the node', error),
  });
}

function reasonOf({ metadata, spec }: Node): string | undefined {
  if (spec?.unschedulable !== true) return undefined;
  return metadata.annotations?.[annotations.draining] === undefined
    ? 'nothing new starts on this machine: its Node is unschedulable (kubectl uncordon)'
    : 'the server is being stopped; it starts when the server is back';
}

/** A server that starts has been drained for its stop only; what an administrator has cordoned stays so. */
export async function endDrain(client: Client, nodeName: string): Promise<void> {
  const nodes = await client.list(Node, { fieldSelector: `metadata.name=${nodeName}` });
  for (const { metadata } of nodes.items)
    if (metadata.annotations?.[annotations.draining] !== undefined)
      await client.patch(Node, { name: metadata.name }, { type: 'merge', body: drainPatch(false) });
}
