/** `kf network-policy`: everything about one NetworkPolicy. */

import { formatSelector } from '../../resources/core/label-selector.ts';
import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { annotations } from '../../resources/labels.ts';
import type { Context } from '../context.ts';
import { formatDescription } from '../output/describe.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { describeEgress } from './allow.ts';
import { appliesTo } from './applies-to.ts';
import { getPolicy } from './find-network-policy.ts';

export async function describeNetworkPolicy(
  context: Context,
  name: string,
  output: OutputFormat | undefined,
): Promise<void> {
  context.dataOnly = output !== undefined;
  const session = await context.session();
  const policy = await getPolicy(session, name);
  if (output !== undefined) return context.io.out(await formatObject(output, NetworkPolicy, policy));
  const { metadata, spec } = policy;
  context.io.note(`Getting Network Policy ${name} in Space: ${session.space}`);
  await context.io.out(
    formatDescription([
      ['Name', name],
      ['Space', session.space],
      ['Created', metadata.creationTimestamp],
      ['Created By', metadata.annotations?.[annotations.createdBy]],
      ['Applies To', appliesTo(policy)],
      ['Pod Selector', formatSelector(spec.podSelector)],
      ['Reaches', describeEgress(spec) ?? '(says nothing of it)'],
    ]),
  );
}
