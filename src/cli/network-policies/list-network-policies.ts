/** `kf network-policies`. */

import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { humanDuration } from '../../resources/duration.ts';
import type { Context } from '../context.ts';
import { formatObjects, type OutputFormat } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { describeEgress } from './allow.ts';
import { appliesTo } from './applies-to.ts';

export async function listNetworkPolicies(context: Context, output: OutputFormat | undefined): Promise<void> {
  context.dataOnly = output !== undefined;
  const session = await context.session();
  const { items } = await session.client.list(NetworkPolicy, { namespace: session.space });
  if (items.length === 0) await requireSpace(session);
  if (output !== undefined) return context.io.out(await formatObjects(output, NetworkPolicy, items));
  context.io.note(`Listing Network Policies in Space: ${session.space}`);
  const now = context.clock.now();
  const rows = items.map((policy) => [
    policy.metadata.name,
    appliesTo(policy),
    (describeEgress(policy.spec) ?? ['(says nothing of it)']).join(', '),
    humanDuration(now - Date.parse(policy.metadata.creationTimestamp ?? '')),
  ]);
  await context.io.out(formatTable(['Name', 'Applies To', 'Reaches', 'Age'], rows));
}
