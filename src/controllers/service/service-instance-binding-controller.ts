/** Makes the credentials of every binding out of the service's parameters and its own. */

import { isDeepStrictEqual } from 'node:util';
import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  mapped,
  ownedBy,
  type Result,
  type RunningController,
  soon,
  startController,
} from '../../client/controller.ts';
import { getChild, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { Waiting } from '../../client/waiting.ts';
import { type ConditionDraft, conditionOf, happyCondition, mergeConditions } from '../../resources/condition.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { annotations } from '../../resources/labels.ts';
import { isControlledBy, type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { credentialsSecret } from './credentials.ts';
import { type Params, type ReadParams, readParams } from './params.ts';
import { bindVolume } from './volume-claim.ts';

export function startServiceInstanceBindingController(options: ControllerContext): RunningController {
  const controller = new ServiceInstanceBindingController(options);
  return startController({
    ...options,
    name: 'service-instance-binding',
    watches: [
      itself(ServiceInstanceBinding),
      ownedBy(ServiceInstanceBinding, Secret, { unfinishedOnly: true }),
      mapped(ServiceInstance, (instance) => controller.instances.on(refOf(instance))),
      mapped(Secret, (secret) => controller.secrets.on(refOf(secret)), { unfinishedOnly: true }),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
}

class ServiceInstanceBindingController {
  readonly instances = new Waiting();
  readonly secrets = new Waiting();
  readonly #client: Client;
  readonly #clock: Clock;

  constructor({ client, clock }: ControllerContext) {
    this.#client = client;
    this.#clock = clock;
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const binding = await getIfExists(this.#client, ServiceInstanceBinding, request);
    if (binding === undefined || binding.metadata.deletionTimestamp !== undefined) {
      this.instances.remove(request);
      this.secrets.remove(request);
      return;
    }
    const { instance, service, own } = await this.#read(binding);
    const ready = instanceCondition(binding, instance);
    const drafts: ConditionDraft[] = [ready, { type: 'BackingResourceReady', status: 'True' }, ...own.conditions];
    if (instance === undefined || service?.params === undefined || own.params === undefined || ready.status !== 'True')
      return this.#report(binding, drafts, {});
    const { className, planName } = instance.status ?? {};
    const volume = instance.spec.volume === undefined ? undefined : bindVolume(instance, own.params);
    if (volume !== undefined) drafts.push(volume.condition);
    // Where a volume is, is no credential.
    const merged = volume === undefined ? { ...service.params, ...own.params } : {};
    const credentials = await this.#ensureCredentials(binding, merged, service.version);
    drafts.push(
      credentials === undefined
        ? { type: 'CredentialsSecretReady', status: 'Unknown', reason: 'Creating', message: 'being written' }
        : { type: 'CredentialsSecretReady', status: 'True' },
    );
    await this.#report(binding, drafts, {
      ...(className === undefined ? {} : { className }),
      ...(planName === undefined ? {} : { planName }),
      ...(volume?.status === undefined ? {} : { volumeStatus: volume.status }),
      ...(instance.spec.tags === undefined ? {} : { tags: instance.spec.tags }),
      ...(credentials === undefined
        ? {}
        : { credentialsSecretRef: { name: credentials }, paramsVersion: service.version }),
    });
    if (credentials === undefined) return soon;
  }

  async #read(binding: ServiceInstanceBinding) {
    const ref = refOf(binding);
    const instanceRef = { ...ref, name: binding.spec.instanceRef.name };
    this.instances.add(ref, instanceRef);
    const instance = await getIfExists(this.#client, ServiceInstance, instanceRef);
    const own = await this.#readParams(binding, binding.spec.parametersFrom.name);
    const service =
      instance === undefined ? undefined : await this.#readParams(binding, instance.spec.parametersFrom.name);
    return { instance, service, own };
  }

  async #readParams(binding: KubeObject, name: string): Promise<ReadParams & { readonly version: string }> {
    const ref = { ...refOf(binding), name };
    this.secrets.add(refOf(binding), ref);
    const secret = await getIfExists(this.#client, Secret, ref);
    return { ...readParams(name, secret), version: secret?.metadata.resourceVersion ?? '' };
  }

  /** The Secret's name once it holds exactly this; undefined while it does not. */
  async #ensureCredentials(
    binding: ServiceInstanceBinding,
    credentials: Params,
    paramsVersion: string,
  ): Promise<string | undefined> {
    const wanted = credentialsSecret(binding, credentials, paramsVersion);
    const { name = '', annotations: wantedAnnotations } = wanted.metadata;
    const existing = await getChild(this.#client, Secret, { ...refOf(binding), name }, binding);
    if (existing === undefined) {
      await this.#client.create(Secret, wanted);
      return name;
    }
    // It belongs to an earlier binding of this name; the garbage collector removes it.
    if (!isControlledBy(existing, binding)) return undefined;
    const isSame =
      isDeepStrictEqual(existing.data ?? {}, wanted.data) &&
      existing.metadata.annotations?.[annotations.paramsVersion] === paramsVersion;
    if (!isSame)
      await this.#client.update(Secret, {
        ...existing,
        data: wanted.data,
        metadata: {
          ...existing.metadata,
          annotations: { ...existing.metadata.annotations, ...wantedAnnotations },
        },
      });
    return name;
  }

  async #report(
    binding: ServiceInstanceBinding,
    drafts: readonly ConditionDraft[],
    fields: NonNullable<ServiceInstanceBinding['status']>,
  ): Promise<void> {
    const all = [...drafts, happyCondition('Ready', drafts)];
    await writeStatus(this.#client, ServiceInstanceBinding, binding, {
      ...fields,
      bindingName: binding.spec.bindingNameOverride || binding.spec.instanceRef.name,
      observedGeneration: binding.metadata.generation,
      conditions: mergeConditions(binding.status?.conditions, all, rfc3339(this.#clock.now())),
    });
  }
}

function instanceCondition(binding: ServiceInstanceBinding, instance: ServiceInstance | undefined): ConditionDraft {
  const type = 'ServiceInstanceReady';
  const { name } = binding.spec.instanceRef;
  if (instance === undefined)
    return { type, status: 'False', reason: 'NotFound', message: `ServiceInstance "${name}" does not exist` };
  // A service that waits for its bindings to be deleted works as before.
  if (instance.metadata.deletionTimestamp !== undefined) return { type, status: 'True' };
  const ready = conditionOf(instance, 'Ready');
  if (ready?.status === 'True') return { type, status: 'True' };
  return {
    type,
    status: ready?.status ?? 'Unknown',
    reason: ready?.reason ?? 'Pending',
    message: ready?.message ?? `ServiceInstance "${name}" is not ready`,
  };
}
