/** Holds the Pods that run to the NetworkPolicies of their namespaces, before they start and whenever those change. */

import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { reflect } from '../../client/reflector.ts';
import { Namespace } from '../../resources/core/kinds.ts';
import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { egressOf } from './egress.ts';
import type { PodNetwork } from './network.ts';
import type { Restriction } from './restrictions.ts';

export interface PodPoliciesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}

interface Held {
  pod: Pod;
  readonly network: PodNetwork;
  /** Something has changed since the policies were read. */
  stale: boolean;
  refreshing: Promise<void> | undefined;
}

/** Milliseconds until a change that the firewall refused is tried again. */
const retryDelay = 1000;

export class PodPolicies {
  readonly #options: PodPoliciesOptions;
  /** By UID. */
  readonly #held = new Map<string, Held>();

  constructor(options: PodPoliciesOptions) {
    this.#options = options;
  }

  /** Follows the policies until the signal fires. Resolves once they have been read. */
  async watch(): Promise<void> {
    const { client, clock, signal, onError } = this.#options;
    const follow = (kind: typeof NetworkPolicy | typeof Namespace, namespaceOf: (name: Place) => string) =>
      reflect({
        client,
        kind,
        clock,
        signal,
        onObject: ({ metadata }) => this.#changed(namespaceOf(metadata)),
        onError: (error) => onError(`watching ${kind.plural}`, error),
      });
    await Promise.all([
      follow(NetworkPolicy, ({ namespace = '' }) => namespace),
      follow(Namespace, ({ name }) => name),
    ]);
  }

  /**
   * From now on the Pod's network obeys; resolves when what the policies say at this moment is in force. They are read
   * anew: a watch may lag behind the Pod.
   * @throws when it could not be brought into force
   */
  hold(pod: Pod, network: PodNetwork): Promise<void> {
    return this.#refresh(this.#take(pod, network));
  }

  /** Like `hold`, for a Pod that runs already: the rules of an earlier server stay in force until they can be changed. */
  resume(pod: Pod, network: PodNetwork): Promise<void> {
    return this.#update(this.#take(pod, network));
  }

  #take(pod: Pod, network: PodNetwork): Held {
    const held: Held = { pod, network, stale: false, refreshing: undefined };
    this.#held.set(pod.metadata.uid!, held);
    return held;
  }

  /** A newer state of the Pod: its labels decide whose it is. */
  observe(pod: Pod): void {
    const held = this.#held.get(pod.metadata.uid!);
    if (held === undefined) return;
    const isSame = JSON.stringify(held.pod.metadata.labels) === JSON.stringify(pod.metadata.labels);
    held.pod = pod;
    if (!isSame) void this.#update(held);
  }

  /** The Pod's network goes. */
  release(uid: string): void {
    this.#held.delete(uid);
  }

  #changed(namespace: string): void {
    for (const held of this.#held.values()) if (held.pod.metadata.namespace === namespace) void this.#update(held);
  }

  /** Never rejects; tries again for as long as it takes. */
  async #update(held: Held): Promise<void> {
    const { clock, signal, onError } = this.#options;
    try {
      await this.#refresh(held);
    } catch (error) {
      if (signal.aborted || !this.#isHeld(held)) return;
      onError(`pod ${held.pod.metadata.name}: network policies are not in force yet`, error);
      clock.after(retryDelay, () => {
        if (!signal.aborted && this.#isHeld(held)) void this.#update(held);
      });
    }
  }

  /** One at a time per Pod, so that the newest policies are the last to be applied. */
  #refresh(held: Held): Promise<void> {
    held.stale = true;
    held.refreshing ??= this.#catchUp(held).finally(() => {
      held.refreshing = undefined;
    });
    return held.refreshing;
  }

  async #catchUp(held: Held): Promise<void> {
    while (held.stale && this.#isHeld(held)) {
      held.stale = false;
      const restriction = await this.#restrictionOf(held.pod);
      if (this.#isHeld(held)) await held.network.restrict(restriction);
    }
  }

  #isHeld(held: Held): boolean {
    return this.#held.get(held.pod.metadata.uid!) === held;
  }

  async #restrictionOf({ metadata }: Pod): Promise<Restriction> {
    const { client } = this.#options;
    const { namespace = '', labels: own = {} } = metadata;
    const [{ items }, home] = await Promise.all([
      client.list(NetworkPolicy, { namespace }),
      getIfExists(client, Namespace, { name: namespace }),
    ]);
    const egress = egressOf(own, items);
    // Builds run other people's install scripts: they are not what the port was opened for.
    const ports =
      own[labels.networkPolicy] === 'build' ? undefined : home?.metadata.annotations?.[annotations.hostPorts];
    return { ...(egress === undefined ? {} : { egress }), hostPorts: portsOf(ports) };
  }
}

type Place = { readonly name: string; readonly namespace?: string };

/** What is no port in the text says nothing. */
const portsOf = (text = ''): readonly number[] => [
  ...new Set(
    text
      .split(',')
      .map(Number)
      .filter((port) => Number.isInteger(port) && port >= 1 && port <= 65535),
  ),
];
