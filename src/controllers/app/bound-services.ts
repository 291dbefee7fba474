/** The bindings of an App that are ready, with their credentials, in the order of their names. */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { type ConditionDraft, conditionOf } from '../../resources/condition.ts';
import { Secret } from '../../resources/core/kinds.ts';
import type { App } from '../../resources/kf/app.ts';
import { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { isControlledBy, refOf } from '../../resources/meta.ts';
import { credentialsIn } from '../service/credentials.ts';
import { type BoundService, nameOf } from '../service/vcap-services.ts';

export interface AppBindings {
  readonly bound: readonly BoundService[];
  /** ServiceInstanceBindingsReady. */
  readonly condition: ConditionDraft;
}

export async function readBindings(client: Client, app: App): Promise<AppBindings> {
  const { namespace, name } = app.metadata;
  const { items } = await client.list(ServiceInstanceBinding, {
    ...(namespace === undefined ? {} : { namespace }),
    labelSelector: `${labels.appName}=${name}`,
  });
  const own = items.filter(({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec.app.name === name);
  const found = await Promise.all(own.map((binding) => readBinding(client, binding)));
  const bound = found.filter((service) => service !== undefined).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return { bound, condition: bindingsCondition(own, bound) };
}

async function readBinding(client: Client, binding: ServiceInstanceBinding): Promise<BoundService | undefined> {
  const secretName = binding.status?.credentialsSecretRef?.name;
  if (secretName === undefined || conditionOf(binding, 'Ready')?.status !== 'True') return undefined;
  const secret = await getIfExists(client, Secret, { ...refOf(binding), name: secretName });
  // Not read yet, or of an earlier binding: its own event brings us back.
  if (secret === undefined || !isControlledBy(secret, binding)) return undefined;
  const version = secret.metadata.annotations?.[annotations.paramsVersion];
  return {
    binding,
    credentials: credentialsIn(secret),
    // Only when the secret and what the binding says beside it are of one version.
    paramsVersion: version === binding.status?.paramsVersion ? version : undefined,
  };
}

function bindingsCondition(all: readonly ServiceInstanceBinding[], bound: readonly BoundService[]): ConditionDraft {
  const type = 'ServiceInstanceBindingsReady';
  const names = new Set(bound.map(({ binding }) => binding.metadata.name));
  const missing = all.filter(({ metadata }) => !names.has(metadata.name));
  if (missing.length === 0) return { type, status: 'True' };
  const failed = missing.find((binding) => conditionOf(binding, 'Ready')?.status === 'False');
  const first = failed ?? missing[0]!;
  const { reason = 'BindingNotReady', message = 'the binding is not ready' } = conditionOf(first, 'Ready') ?? {};
  return {
    type,
    status: failed === undefined ? 'Unknown' : 'False',
    reason,
    message: `binding of service "${first.spec.instanceRef.name}": ${message}`,
  };
}
