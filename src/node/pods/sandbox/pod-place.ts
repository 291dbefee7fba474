/** Where a Pod lives on this machine: its folder in memory, its network, its disk. Made when first needed. */

import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../../resources/core/pod.ts';
import type { NodeContext } from '../../context.ts';
import type { PodDisk } from '../../disk/disk.ts';
import type { PodNetwork } from '../../network/network.ts';
import { podDisk } from '../plan/resources.ts';
import type { PodRecord } from '../recovery/state-file.ts';
import { makeSandbox, rootFolder, type Sandbox } from './sandbox.ts';

export class PodPlace {
  readonly directory: string;
  readonly #context: NodeContext;
  readonly #pod: Pod;
  #network: PodNetwork | undefined;
  #disk: PodDisk | undefined;
  #sandbox: Promise<Sandbox> | undefined;

  constructor(context: NodeContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.directory = join(context.layout.pods, pod.metadata.uid!);
  }

  get network(): PodNetwork | undefined {
    return this.#network;
  }

  get disk(): PodDisk | undefined {
    return this.#disk;
  }

  /** @throws DiskReserveError */
  async reserve(pod: Pod): Promise<void> {
    const { disk, defaults } = this.#context;
    this.#disk ??= await disk.acquire(podDisk(pod, defaults));
  }

  /** Takes over what an earlier server made; what is gone is made anew only if a container still needs it. */
  async adopt(pod: Pod, record: PodRecord): Promise<void> {
    const { disk, network, policies, onError } = this.#context;
    // Whatever is wrong with them: the containers that use them go on.
    const failed = (error: unknown): undefined => {
      onError(`pod ${record.name}: finding its network and disk again`, error);
    };
    this.#disk = await disk.adopt(record.diskId).catch(failed);
    this.#network = await network.adopt(record.networkId).catch(failed);
    // Its rules outlived the server; what has changed since is put right.
    if (this.#network !== undefined) await policies.resume(pod, this.#network);
  }

  /** @throws DiskReserveError */
  sandbox(pod: Pod): Promise<Sandbox> {
    this.#sandbox ??= this.#make(pod);
    return this.#sandbox;
  }

  async #make(pod: Pod): Promise<Sandbox> {
    await this.reserve(pod);
    const { network, policies } = this.#context;
    this.#network ??= await network.acquire();
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const [sandbox] = await Promise.all([
      makeSandbox(this.#context, pod, this.directory, this.#network, this.#disk!),
      policies.hold(pod, this.#network),
    ]);
    return sandbox;
  }

  /**
   * Removes what a container that has ended has written to its root. One that is started again finds none of it, as in
   * Kubernetes: above all no links, by which the server, which makes the root, would be led elsewhere.
   */
  async clearRoot(container: string): Promise<void> {
    if (this.#disk !== undefined) await rm(rootFolder(this.#disk.path, container), { recursive: true, force: true });
  }

  /** Bytes in use on the disk. */
  async diskBytes(): Promise<number> {
    const usage = await this.#disk?.usage().catch(() => undefined);
    return usage?.usedBytes ?? 0;
  }

  async release(): Promise<void> {
    this.#context.policies.release(this.#pod.metadata.uid!);
    rmSync(this.directory, { recursive: true, force: true });
    await Promise.all([this.#network?.release(), this.#disk?.release(), this.#context.claims.release(this.#pod)]);
  }
}
