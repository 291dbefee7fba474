/** The containers of one Pod as processes of this machine, by name. */

import { join } from 'node:path';
import type { Pod } from '../../../resources/core/pod.ts';
import { containersOf } from '../../../resources/core/pod-containers.ts';
import type { NodeContext } from '../../context.ts';
import { logPathOf } from '../../logs/log-path.ts';
import type { PodPlace } from '../sandbox/pod-place.ts';
import { ContainerProcess } from './container.ts';

export class PodProcesses {
  readonly #context: NodeContext;
  readonly #pod: Pod;
  readonly #place: PodPlace;
  readonly #processes = new Map<string, ContainerProcess>();

  constructor(context: NodeContext, pod: Pod, place: PodPlace) {
    this.#context = context;
    this.#pod = pod;
    this.#place = place;
  }

  /** `UID-INDEX` */
  idOf(name: string): string {
    const index = containersOf(this.#pod).findIndex((container) => container.name === name);
    return `${this.#pod.metadata.uid}-${index}`;
  }

  logOf(name: string): string {
    return logPathOf(this.#context.layout.logs, this.#pod, name);
  }

  of(name: string): ContainerProcess {
    const known = this.#processes.get(name);
    if (known !== undefined) return known;
    const bundle = join(this.#place.directory, name);
    const made = new ContainerProcess(this.#context, { id: this.idOf(name), bundle, logPath: this.logOf(name) });
    this.#processes.set(name, made);
    return made;
  }

  /** Removes whatever there is of one, so that it can be made again. */
  async discard(name: string): Promise<void> {
    await this.of(name).remove();
    this.#processes.delete(name);
  }

  /** Stops watching all of them; they go on running. */
  detach(): void {
    for (const process of this.#processes.values()) process.detach();
  }
}
