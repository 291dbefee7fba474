/** What the node agent needs of a network: ready network namespaces, one per Pod, used once. */

import type { Restriction } from './restrictions.ts';

export interface PodNetwork {
  /** Names the namespace in the Pod's state file, so that a restarted server finds it again. */
  readonly id: string;
  /** Path to join, e.g. `/run/netns/kf-1a2b3c-17`. */
  readonly path: string;
  readonly ip: string;
  /** Sets what it may reach; resolves when that holds. Without a restriction, as at the start, it costs nothing. */
  restrict(restriction: Restriction): Promise<void>;
  /** Removes namespace, link, address and restriction, off the hot path. */
  release(): Promise<void>;
}

export interface NetworkProvider {
  /** Address of the host as tasks see it (`host.kf.internal`). */
  readonly hostAddress: string;
  /** Nameservers and search domains for the tasks' resolv.conf. */
  readonly resolvConf: string;
  /** A namespace from the pool, or a new one when the pool is empty. */
  acquire(): Promise<PodNetwork>;
  /** The namespace of a Pod that was started before this server; undefined when it is gone. */
  adopt(id: string): Promise<PodNetwork | undefined>;
  /** Removes every namespace and link of this instance except `inUse`. */
  sweep(inUse: ReadonlySet<string>): Promise<void>;
  /** Removes the pool; with `all`, also bridge and firewall rules. */
  close(options: { readonly all: boolean }): Promise<void>;
}
