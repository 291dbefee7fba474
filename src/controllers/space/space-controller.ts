/** Makes the Namespace of every Space, and the NetworkPolicies that its settings ask for. */

import type { Client } from '../../client/client.ts';
import { rfc3339 } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  mapped,
  ownedBy,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { type ConditionDraft, happyCondition, mergeConditions } from '../../resources/condition.ts';
import { Namespace } from '../../resources/core/kinds.ts';
import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { Space } from '../../resources/kf/space.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerOf, controllerRef, isControlledBy, type ObjectRef } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import { networkPolicyConditions } from './network-policies.ts';

export function startSpaceController(options: ControllerContext): RunningController {
  return startController({
    ...options,
    name: 'space',
    watches: [
      itself(Space),
      ownedBy(Space, Namespace),
      mapped(NetworkPolicy, (policy) => {
        const owner = controllerOf(policy);
        return owner?.kind === Space.kind ? [{ name: owner.name }] : [];
      }),
    ],
    reconcile: (request) => reconcileSpace(options, request),
  });
}

async function reconcileSpace({ client, clock }: ControllerContext, request: ObjectRef): Promise<void> {
  const space = await getIfExists(client, Space, request);
  if (space === undefined || space.metadata.deletionTimestamp !== undefined) return;
  const namespace = await namespaceCondition(client, space);
  const policies = namespace.status === 'True' ? await networkPolicyConditions(client, space) : [];
  const parts = [namespace, ...policies];
  const drafts = [...parts, happyCondition('Ready', parts)];
  await writeStatus(client, Space, space, {
    ...space.status,
    observedGeneration: space.metadata.generation,
    conditions: mergeConditions(space.status?.conditions, drafts, rfc3339(clock.now())),
  });
}

async function namespaceCondition(client: Client, space: Space): Promise<ConditionDraft> {
  const name = space.metadata.name;
  const namespace = (await getIfExists(client, Namespace, { name })) ?? (await createNamespace(client, space));
  if (namespace === undefined)
    return {
      type: 'NamespaceReady',
      status: 'Unknown',
      reason: 'CacheOutdated',
      message: `reading Namespace "${name}"`,
    };
  if (!isControlledBy(namespace, space))
    return {
      type: 'NamespaceReady',
      status: 'False',
      reason: 'NotOwned',
      message: `There is an existing Namespace "${name}" that we do not own.`,
    };
  const hostPorts = hostPortsOf(space);
  if (namespace.metadata.annotations?.[annotations.hostPorts] !== hostPorts)
    await client.patch(
      Namespace,
      { name },
      {
        type: 'merge',
        body: { metadata: { annotations: { [annotations.hostPorts]: hostPorts ?? null } } },
      },
    );
  return { type: 'NamespaceReady', status: 'True' };
}

const hostPortsOf = ({ spec }: Space): string | undefined => spec?.taskConfig?.allowedHostPorts?.join(',') || undefined;

async function createNamespace(client: Client, space: Space): Promise<Namespace | undefined> {
  const hostPorts = hostPortsOf(space);
  try {
    return await client.create(Namespace, {
      metadata: {
        name: space.metadata.name,
        labels: { [labels.managedBy]: 'kf' },
        ...(hostPorts === undefined ? {} : { annotations: { [annotations.hostPorts]: hostPorts } }),
        ownerReferences: [controllerRef(space)],
      },
    });
  } catch (error) {
    // A read that lagged; the Namespace's own event brings us back.
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}
