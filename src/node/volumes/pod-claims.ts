/** The claims of a Pod as folders on this machine, made ready before it starts. */

import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { classOf, PersistentVolume, PersistentVolumeClaim, storageClasses } from '../../resources/core/volumes.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { ConfigError } from '../pods/plan/config-error.ts';
import { boundClaim } from './bound-claim.ts';
import { checkHostPath, HostPathRefused, type HostPathRules } from './host-paths.ts';
import type { VolumeStore } from './volume-store.ts';

export interface PodClaimsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly store: VolumeStore;
  readonly hostPathRules: () => Promise<HostPathRules>;
}

export class PodClaims {
  readonly #options: PodClaimsOptions;
  /** Volumes of the store by Pod uid. */
  readonly #held = new Map<string, Set<string>>();

  constructor(options: PodClaimsOptions) {
    this.#options = options;
  }

  /** Folders by the claim's name. @throws ConfigError */
  async acquire(pod: Pod): Promise<ReadonlyMap<string, string>> {
    const folders = new Map<string, string>();
    const { namespace, uid } = pod.metadata;
    for (const name of claimsOf(pod))
      folders.set(name, await this.acquireClaim(uid!, { ...(namespace === undefined ? {} : { namespace }), name }));
    return folders;
  }

  release(pod: Pod): Promise<void> {
    return this.releaseClaims(pod.metadata.uid!);
  }

  async releaseClaims(user: string): Promise<void> {
    const held = this.#held.get(user) ?? [];
    this.#held.delete(user);
    await Promise.all([...held].map((name) => this.#options.store.release(name, user)));
  }

  /** After a start: what these Pods use stays as it is, everything else is let go. */
  async recover(pods: readonly Pod[]): Promise<void> {
    for (const pod of pods)
      for (const name of claimsOf(pod)) {
        const { namespace } = pod.metadata;
        const claim = await getIfExists(this.#options.client, PersistentVolumeClaim, {
          ...(namespace === undefined ? {} : { namespace }),
          name,
        });
        const volume = claim?.spec.volumeName;
        if (claim === undefined || volume === undefined || classOf(claim) !== storageClasses.capacity) continue;
        this.#options.store.adopt(volume, pod.metadata.uid!);
        this.#hold(pod.metadata.uid!, volume);
      }
    await this.#options.store.sweep();
  }

  /** The claim's folder, held until `releaseClaims`. @param user whoever uses it: a Pod's uid. @throws ConfigError */
  async acquireClaim(user: string, ref: ObjectRef): Promise<string> {
    const { client, clock, store, hostPathRules } = this.#options;
    const { name } = ref;
    const claim = await boundClaim(client, clock, ref);
    if (claim === undefined) throw new ConfigError(`persistentvolumeclaim "${name}" not found`);
    if (claim.metadata.deletionTimestamp !== undefined)
      throw new ConfigError(`persistentvolumeclaim "${name}" is being deleted`);
    const volumeName = claim.spec.volumeName;
    const volume =
      volumeName === undefined ? undefined : await getIfExists(client, PersistentVolume, { name: volumeName });
    if (volume === undefined || volume.spec.claimRef?.uid !== claim.metadata.uid)
      throw new ConfigError(`persistentvolumeclaim "${name}" has no volume${provisioningFailure(claim)}`);
    const { hostPath } = volume.spec;
    try {
      if (hostPath !== undefined) return await checkHostPath(hostPath.path, await hostPathRules());
    } catch (error) {
      throw error instanceof HostPathRefused ? new ConfigError(`volume ${name}: ${error.message}`) : error;
    }
    if (classOf(claim) !== storageClasses.capacity)
      throw new ConfigError(
        `persistentvolumeclaim "${name}": volume ${volumeName} is of no kind that this node mounts`,
      );
    // Where it lies follows from its name alone: a path in the object is for people.
    this.#hold(user, volume.metadata.name);
    return store.acquire(volume.metadata.name, user);
  }

  #hold(user: string, volume: string): void {
    this.#held.set(user, (this.#held.get(user) ?? new Set<string>()).add(volume));
  }
}

export const claimsOf = (pod: Pod): readonly string[] => [
  ...new Set((pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? [])),
];

function provisioningFailure({ status }: PersistentVolumeClaim): string {
  const { message } = status?.conditions?.find(({ type }) => type === 'Provisioning') ?? {};
  return message ? `: ${message}` : '';
}
