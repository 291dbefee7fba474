/** What is known of a Pod's containers, kept in its state.json for a server that comes after this one. */

import type { Pod } from '../../../resources/core/pod.ts';
import type { NodeContext } from '../../context.ts';
import type { Restart } from '../containers/restart-backoff.ts';
import type { PodPlace } from '../sandbox/pod-place.ts';
import { type ContainerRecord, type EndedRecord, type PodRecord, writeRecord } from './state-file.ts';

export class PodJournal {
  readonly #pod: Pod;
  readonly #bootId: string;
  readonly #place: PodPlace;
  readonly #onError: NodeContext['onError'];
  readonly #containers = new Map<string, ContainerRecord>();
  readonly #restarts = new Map<string, Restart>();

  constructor(pod: Pod, { bootId, onError }: Pick<NodeContext, 'bootId' | 'onError'>, place: PodPlace) {
    this.#pod = pod;
    this.#bootId = bootId;
    this.#onError = onError;
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
    for (const [name, restart] of Object.entries(record.restarts ?? {})) this.#restarts.set(name, restart);
  }

  /** The restart that a container is at, or waits for; undefined before its first end. */
  restartOf(name: string): Restart | undefined {
    return this.#restarts.get(name);
  }

  restarts(name: string, restart: Restart, ended: EndedRecord): void {
    this.#restarts.set(name, restart);
    this.note(name, { ...this.#containers.get(name)!, stage: 'ended', ended });
  }

  forget(name: string): void {
    this.#containers.delete(name);
  }

  /** When the containers that count have started, as far as they have; milliseconds since the epoch. */
  starts(counts: (name: string) => boolean): readonly number[] {
    return [...this.#containers].flatMap(([name, { startedAt }]) => (counts(name) ? (startedAt ?? []) : []));
  }

  /** Like `write`, for what a later server would find out by itself: on a full disk the Pod goes on without it. */
  note(name: string, record: ContainerRecord): void {
    try {
      this.write(name, record);
    } catch (error) {
      this.#onError(`pod ${this.#pod.metadata.name}: what is known of container ${name} cannot be written`, error);
    }
  }

  /** Nothing may go on before this is written. @throws what the system says */
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
      ...(this.#restarts.size === 0 ? {} : { restarts: Object.fromEntries(this.#restarts) }),
    });
  }
}
