/** Finds or makes a volume for every claim of our storage classes, and removes it when its claim has gone. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import { itself, mapped, type Result, type RunningController, startController } from '../../client/controller.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { Pod, podFinished } from '../../resources/core/pod.ts';
import {
  classOf,
  hostPathAnnotation,
  PersistentVolume,
  PersistentVolumeClaim,
  storageClasses,
} from '../../resources/core/volumes.ts';
import { errorMessage } from '../../resources/errors.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { parseQuantity } from '../../resources/quantity.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import { DiskReserveError, DiskTooSmallError } from '../disk/disk.ts';
import { CommandError } from '../host/run-command.ts';
import { waitsForTheEndOf } from '../scheduling/mountable.ts';
import { checkHostPath, HostPathRefused, type HostPathRules } from './host-paths.ts';
import { claimsOf } from './pod-claims.ts';
import { volumeFinalizer, volumeNameOf, volumeOf } from './volume-object.ts';
import type { VolumeStore } from './volume-store.ts';
import { classWarning, ownerWarning, type Said, sizeWarning } from './warnings.ts';

export interface ProvisionerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly store: VolumeStore;
  readonly hostPathRules: () => Promise<HostPathRules>;
  readonly onError: (message: string, error: unknown) => void;
}

/** Kubernetes' own name: a claim that Pods use does not go. */
const claimFinalizer = 'kubernetes.io/pvc-protection';

/** Milliseconds after which a refusal is looked at again: disks become free, configurations change. */
const retry: Result = { requeueAfter: 10_000 };

export function startProvisioner(options: ProvisionerOptions): Pick<RunningController, 'idle' | 'stop'> {
  const provisioner = new Provisioner(options);
  const claims = startController({
    ...options,
    name: 'volume-claim',
    watches: [
      itself(PersistentVolumeClaim),
      mapped(Pod, (pod) => claimsOf(pod).map((name) => ({ ...refOf(pod), name })), { unfinishedOnly: true }),
    ],
    reconcile: (request) => provisioner.claim(request),
  });
  const volumes = startController({
    ...options,
    name: 'volume',
    watches: [itself(PersistentVolume), mapped(PersistentVolumeClaim, (claim) => [{ name: volumeNameOf(claim) }])],
    reconcile: (request) => provisioner.volume(request),
  });
  return {
    idle: async () => {
      await Promise.all([claims.idle(), volumes.idle()]);
    },
    stop: async () => {
      await Promise.all([claims.stop(), volumes.stop()]);
    },
  };
}

const isOurs = (storageClassName: string | undefined): boolean =>
  storageClassName === storageClasses.capacity || storageClassName === storageClasses.hostPath;

class Provisioner {
  readonly #options: ProvisionerOptions;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
  }

  async claim(request: ObjectRef): Promise<Result | void> {
    const { client } = this.#options;
    const claim = await getIfExists(client, PersistentVolumeClaim, request);
    if (claim === undefined || classOf(claim) === undefined) return;
    if (claim.metadata.deletionTimestamp !== undefined) return this.#releaseClaim(claim);
    if (!(claim.metadata.finalizers ?? []).includes(claimFinalizer)) {
      // The event of this write brings the next reconcile.
      const finalizers = [...(claim.metadata.finalizers ?? []), claimFinalizer];
      await client.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, finalizers } });
      return;
    }
    try {
      await this.#provide(claim);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      await this.#reportFailure(claim, reason, errorMessage(error));
      return retry;
    }
  }

  async #provide(claim: PersistentVolumeClaim): Promise<void> {
    const { client, store } = this.#options;
    const name = volumeNameOf(claim);
    const isHostPath = classOf(claim) === storageClasses.hostPath;
    const path = isHostPath ? await this.#hostPath(claim) : undefined;
    const size = claim.spec.resources?.requests?.storage;
    const bytes = parseQuantity(size ?? '');
    if (!isHostPath && bytes === undefined) throw new HostPathRefused('spec.resources.requests.storage is missing');
    // It was made before: lost data must not be replaced by an empty volume.
    if (!isHostPath && claim.spec.volumeName === undefined) await store.create(name, bytes!);
    if ((await getIfExists(client, PersistentVolume, { name })) === undefined)
      await client.create(PersistentVolume, volumeOf(claim, path, store.notEnforced)).catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error;
      });
    const bound =
      claim.spec.volumeName === name
        ? claim
        : await client.update(PersistentVolumeClaim, { ...claim, spec: { ...claim.spec, volumeName: name } });
    const warning = path === undefined ? (sizeWarning(store) ?? classWarning(claim)) : await ownerWarning(path);
    await writeStatus(client, PersistentVolumeClaim, bound, {
      phase: 'Bound',
      ...(warning === undefined ? {} : { conditions: [this.#condition(claim, 'True', warning)] }),
      accessModes: claim.spec.accessModes ?? [],
      capacity: size === undefined ? {} : { storage: size },
    });
  }

  /** @throws HostPathRefused */
  async #hostPath(claim: PersistentVolumeClaim): Promise<string> {
    const path = claim.metadata.annotations?.[hostPathAnnotation];
    if (path === undefined) throw new HostPathRefused(`the annotation ${hostPathAnnotation} is missing`);
    // Bound once, its Tasks say what is wrong; the claim stays what it is.
    if (claim.spec.volumeName === undefined) await checkHostPath(path, await this.#options.hostPathRules());
    return path;
  }

  async #reportFailure(claim: PersistentVolumeClaim, reason: string, message: string): Promise<void> {
    await writeStatus(this.#options.client, PersistentVolumeClaim, claim, {
      phase: 'Pending',
      conditions: [this.#condition(claim, 'False', { reason, message })],
    });
  }

  #condition(claim: PersistentVolumeClaim, status: 'True' | 'False', said: Said) {
    const type = 'Provisioning';
    const before = claim.status?.conditions?.find((one) => one.type === type);
    const now = rfc3339(this.#options.clock.now());
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    return { type, status, ...said, lastTransitionTime };
  }

  /** While an unfinished Pod names the claim it stays; the Pod's end brings us back. */
  async #releaseClaim(claim: PersistentVolumeClaim): Promise<void> {
    const { client, store } = this.#options;
    const { namespace, name, finalizers = [] } = claim.metadata;
    if (!finalizers.includes(claimFinalizer)) return;
    const { items } = await client.list(Pod, {
      ...(namespace === undefined ? {} : { namespace }),
      unfinishedOnly: true,
    });
    const uses = (pod: Pod): boolean =>
      !podFinished(pod) && claimsOf(pod).includes(name) && !waitsForTheEndOf(name, pod);
    if (items.some(uses)) return;
    // Its folder was made, and the claim deleted before there was a PersistentVolume.
    if (claim.spec.volumeName === undefined && classOf(claim) === storageClasses.capacity)
      await store.remove(volumeNameOf(claim));
    const rest = finalizers.filter((one) => one !== claimFinalizer);
    await client
      .update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, finalizers: rest } })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }

  async volume({ name }: ObjectRef): Promise<void> {
    const { client, store } = this.#options;
    const volume = await getIfExists(client, PersistentVolume, { name });
    if (volume === undefined || !isOurs(volume.spec.storageClassName)) return;
    const { claimRef } = volume.spec;
    const ref = { name: claimRef?.name ?? '', ...(claimRef?.namespace ? { namespace: claimRef.namespace } : {}) };
    // Decides over data, so a read that lags is not enough.
    const claim = await getFromServer(client, PersistentVolumeClaim, ref);
    if (claim !== undefined && claim.metadata.uid === claimRef?.uid) {
      if (volume.metadata.deletionTimestamp === undefined && volume.status?.phase !== 'Bound')
        await writeStatus(client, PersistentVolume, volume, { phase: 'Bound' });
      return;
    }
    if (volume.metadata.deletionTimestamp === undefined) return client.delete(PersistentVolume, { name });
    // A directory of the host is never touched.
    if (volume.spec.storageClassName === storageClasses.capacity) await store.remove(name);
    const finalizers = (volume.metadata.finalizers ?? []).filter((one) => one !== volumeFinalizer);
    await client
      .update(PersistentVolume, { ...volume, metadata: { ...volume.metadata, finalizers } })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof HostPathRefused) return 'HostPathRefused';
  if (error instanceof DiskReserveError || error instanceof DiskTooSmallError) return 'NoRoom';
  if (error instanceof CommandError) return 'ProvisioningFailed';
  return undefined;
}
