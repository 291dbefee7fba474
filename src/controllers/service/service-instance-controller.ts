/** Keeps the status of services, and holds back the deletion of those that are bound. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
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
import { Waiting } from '../../client/waiting.ts';
import { type ConditionDraft, happyCondition, mergeConditions } from '../../resources/condition.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { PersistentVolumeClaim } from '../../resources/core/volumes.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { isNotFound } from '../../resources/status.ts';
import { type Params, readParams } from './params.ts';
import { ensureClaim, volumeStatusOf } from './volume-claim.ts';

/** Taken away when no App is bound any more. */
const boundFinalizer = 'kf.dev/service-bindings';

export function startServiceInstanceController(options: ControllerContext): RunningController {
  const controller = new ServiceInstanceController(options);
  return startController({
    ...options,
    name: 'service-instance',
    watches: [
      itself(ServiceInstance),
      ownedBy(ServiceInstance, PersistentVolumeClaim),
      mapped(ServiceInstanceBinding, (binding) => [{ ...refOf(binding), name: binding.spec.instanceRef.name }]),
      mapped(Secret, (secret) => controller.waitingFor(secret), { unfinishedOnly: true }),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
}

class ServiceInstanceController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #secrets = new Waiting();

  constructor({ client, clock }: ControllerContext) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Services whose parameters a Secret holds. */
  waitingFor(secret: Secret): readonly ObjectRef[] {
    return this.#secrets.on(refOf(secret));
  }

  async reconcile(request: ObjectRef): Promise<void> {
    const instance = await getIfExists(this.#client, ServiceInstance, request);
    if (instance === undefined) return this.#secrets.remove(request);
    if (instance.metadata.deletionTimestamp !== undefined) return this.#release(instance);
    await this.#hold(instance);
    const secretRef = { ...request, name: instance.spec.parametersFrom.name };
    this.#secrets.add(request, secretRef);
    const secret = await getIfExists(this.#client, Secret, secretRef);
    const { conditions, params } = readParams(secretRef.name, secret);
    const { condition, fields } = await this.#backing(instance, params);
    const drafts = [...conditions, condition];
    const paramsVersion = params === undefined ? undefined : secret?.metadata.resourceVersion;
    await this.#report(instance, drafts, {
      ...description(instance),
      ...fields,
      secretName: secretRef.name,
      ...(paramsVersion === undefined ? {} : { paramsVersion }),
    });
  }

  /** Behind a user-provided service there is nothing of ours; behind a volume there is its claim. */
  async #backing(
    instance: ServiceInstance,
    params: Params | undefined,
  ): Promise<{ readonly condition: ConditionDraft; readonly fields: NonNullable<ServiceInstance['status']> }> {
    const type = 'BackingResourceReady';
    if (instance.spec.volume === undefined) return { condition: { type, status: 'True' }, fields: {} };
    if (params === undefined) return { condition: { type, status: 'Unknown', reason: 'SecretMissing' }, fields: {} };
    return volumeStatusOf(instance, await ensureClaim(this.#client, instance, params));
  }

  /** Before anything can be bound to it. */
  async #hold(instance: ServiceInstance): Promise<void> {
    const { finalizers = [], resourceVersion } = instance.metadata;
    if (finalizers.includes(boundFinalizer)) return;
    await this.#client.patch(ServiceInstance, refOf(instance), {
      type: 'merge',
      body: { metadata: { finalizers: [...finalizers, boundFinalizer], resourceVersion } },
    });
  }

  async #release(instance: ServiceInstance): Promise<void> {
    const { namespace, name, finalizers = [], resourceVersion } = instance.metadata;
    if (!finalizers.includes(boundFinalizer)) return;
    const { items } = await this.#client.list(ServiceInstanceBinding, namespace === undefined ? {} : { namespace });
    const apps = items.filter(({ spec }) => spec.instanceRef.name === name).map(({ spec }) => spec.app.name);
    if (apps.length > 0) {
      const message = `The service is bound to the App(s): ${[...new Set(apps)].sort().join(', ')}`;
      const drafts = [{ type: 'BackingResourceReady', status: 'False', reason: 'DeletionBlocked', message } as const];
      return this.#report(instance, drafts, instance.status ?? {});
    }
    try {
      await this.#client.patch(ServiceInstance, refOf(instance), {
        type: 'merge',
        body: { metadata: { finalizers: finalizers.filter((one) => one !== boundFinalizer), resourceVersion } },
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #report(
    instance: ServiceInstance,
    drafts: readonly ConditionDraft[],
    fields: NonNullable<ServiceInstance['status']>,
  ): Promise<void> {
    const all = [...drafts, happyCondition('Ready', drafts)];
    await writeStatus(this.#client, ServiceInstance, instance, {
      ...fields,
      observedGeneration: instance.metadata.generation,
      conditions: mergeConditions(instance.status?.conditions, all, rfc3339(this.#clock.now())),
    });
  }
}

function description({ spec }: ServiceInstance): NonNullable<ServiceInstance['status']> {
  const { userProvided, volume, tags } = spec;
  const planName = volume?.planName || userProvided?.mockPlanName;
  return {
    serviceTypeDescription: volume === undefined ? 'user-provided' : 'volume',
    className: volume?.className || userProvided?.mockClassName || 'user-provided',
    ...(planName ? { planName } : {}),
    ...(tags === undefined ? {} : { tags }),
  };
}
