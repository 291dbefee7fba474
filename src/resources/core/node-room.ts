/** What a Node says that Tasks may have of its machine. Pure. */

import { labels } from '../labels.ts';
import { parseQuantity } from '../quantity.ts';
import type { Node } from './kinds.ts';

/** Selects the Nodes of this server's own agent: only they stay as they are, so only they can rule a Task out. */
export const ownNodes = `${labels.managedBy}=kf`;

export interface NodeStatus {
  readonly capacity?: Readonly<Record<string, string>>;
  /** What all Pods together may take. */
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
    readonly lastTransitionTime?: string;
    readonly lastHeartbeatTime?: string;
  }[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly nodeInfo?: Readonly<Record<string, string>>;
}

/** Bytes for all Pods together; undefined when the Node does not say. */
export function allocatable(node: Node, resource: 'memory' | 'ephemeral-storage'): number | undefined {
  const text = (node.status as NodeStatus | undefined)?.allocatable?.[resource];
  return text === undefined ? undefined : parseQuantity(text);
}
