/** What is known of a Pod's containers, kept in its state.json for a server that comes after this one. */

import type { Pod } from '../../resources/core/pod.ts';
import type { PodPlace } from './pod-place.ts';
import { type ContainerRecord, type PodRecord, writeRecord } from './state-file.ts';

export class PodJournal {
  readonly #pod: Pod;
  readonly #bootId: string;
  readonly #place: PodPlace;
  readonly #containers = new Map<string, ContainerRecord>();

  constructor(pod: Pod, bootId: string, place: PodPlace) {
    this.#pod = pod;
    this.#bootId = bootId;
    this.#place = place;
  }

  /** Containers of which something may be on the machine. */
  get names(): readonly string[] {
    return [...this.#containers.keys()];
  }

  get(name: string): ContainerRecord | undefined {
    return this.#containers.get(name);
  }

  load(record: PodRecord): void {
    for (const [name, container] of Object.entries(record.containers)) this.#containers.set(name, container);
  }

  forget(name: string): void {
    this.#containers.delete(name);
  }

  /** Whether none of the containers that count began before `startedAt`. */
  isFirst(startedAt: number, counts: (name: string) => boolean): boolean {
    return [...this.#containers].every(
      ([name, record]) => !counts(name) || (record.startedAt ?? Infinity) >= startedAt,
    );
  }

  write(name: string, record: ContainerRecord): void {
    this.#containers.set(name, record);
    const { uid, namespace = '', name: podName } = this.#pod.metadata;
    writeRecord(this.#place.directory, {
      version: 1,
      uid: uid!,
      namespace,
      name: podName,
      bootId: this.#bootId,
      networkId: this.#place.network?.id ?? '',
      diskId: this.#place.disk?.id ?? '',
      containers: Object.fromEntries(this.#containers),
    });
  }
}
