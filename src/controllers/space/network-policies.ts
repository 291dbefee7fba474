/**
 * The NetworkPolicies of a Space, which our node agent and any cluster's network obey alike. Policies of one Pod add
 * up, so PermitAll is none at all: what `kf create-network-policy` says then holds for the App that it names.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Client, Draft } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import type { ConditionDraft } from '../../resources/condition.ts';
import type { LabelSelector } from '../../resources/core/label-selector.ts';
import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import type { Space } from '../../resources/kf/space.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, isControlledBy } from '../../resources/meta.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';

interface Wanted {
  readonly condition: string;
  /** Kf's name. */
  readonly name: string;
  readonly podSelector: LabelSelector;
  readonly egress: string | undefined;
}

const wantedOf = ({ spec }: Space): readonly Wanted[] => [
  {
    condition: 'AppNetworkPolicyReady',
    name: 'space-app-policy',
    // Not only Kf's own Pods: nothing in the Space gets around the setting.
    podSelector: { matchExpressions: [{ key: labels.networkPolicy, operator: 'NotIn', values: ['build'] }] },
    egress: spec?.networkConfig?.appNetworkPolicy?.egress,
  },
  {
    condition: 'BuildNetworkPolicyReady',
    name: 'space-build-policy',
    podSelector: { matchLabels: { [labels.networkPolicy]: 'build' } },
    egress: spec?.networkConfig?.buildNetworkPolicy?.egress,
  },
];

export const networkPolicyConditions = (client: Client, space: Space): Promise<readonly ConditionDraft[]> =>
  Promise.all(wantedOf(space).map((wanted) => reconcilePolicy(client, space, wanted)));

async function reconcilePolicy(client: Client, space: Space, wanted: Wanted): Promise<ConditionDraft> {
  const { condition: type, name, egress } = wanted;
  const ref = { namespace: space.metadata.name, name };
  const existing = await getIfExists(client, NetworkPolicy, ref);
  const isOurs = existing !== undefined && isControlledBy(existing, space);
  if (egress !== 'DenyAll') {
    if (isOurs) await removeIfThere(() => client.delete(NetworkPolicy, ref));
    return { type, status: 'True' };
  }
  if (existing === undefined)
    return (await create(client, space, wanted)) ? { type, status: 'True' } : outdated(type, name);
  if (!isOurs)
    return {
      type,
      status: 'False',
      reason: 'NotOwned',
      message: `There is an existing NetworkPolicy "${name}" that we do not own.`,
    };
  // Whoever has changed it meant something else by it than the Space says.
  const { spec } = denial(space, wanted);
  if (!isDeepStrictEqual(existing.spec, spec)) await client.update(NetworkPolicy, { ...existing, spec });
  return { type, status: 'True' };
}

const denial = (space: Space, { name, podSelector }: Wanted): Draft<NetworkPolicy> => ({
  metadata: {
    name,
    namespace: space.metadata.name,
    labels: { [labels.managedBy]: 'kf' },
    ownerReferences: [controllerRef(space)],
  },
  spec: { podSelector, policyTypes: ['Egress'], egress: [] },
});

/** False when a read lagged: its own event brings us back. */
async function create(client: Client, space: Space, wanted: Wanted): Promise<boolean> {
  try {
    await client.create(NetworkPolicy, denial(space, wanted));
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
}

async function removeIfThere(remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

const outdated = (type: string, name: string): ConditionDraft => ({
  type,
  status: 'Unknown',
  reason: 'CacheOutdated',
  message: `reading NetworkPolicy "${name}"`,
});
