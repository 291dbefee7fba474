/** Makes and starts the containers of one Pod, each at most once. */

import { hasEndWork, keepShown } from '../end/after-end.ts';
import { monotonic } from '../end/end-time.ts';
import { refusalOf } from '../end/ending.ts';
import { PassedOver, planContainer } from '../plan/container-plan.ts';
import { checkMounts, release } from '../plan/volume-mounts.ts';
import { Detached, type PodParts } from '../pod-parts.ts';
import { PodGone } from '../status/status-publisher.ts';
import type { ContainerProcess } from './container.ts';
import { passedOver, skipped } from './container-run.ts';
import type { ContainerWatch } from './container-watch.ts';

export class ContainerStarts {
  readonly #parts: PodParts;
  readonly #watch: ContainerWatch;
  /** In flight: the agent's stop waits for them, so that none is cut in two. */
  readonly #starts = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: PodParts, watch: ContainerWatch) {
    this.#parts = parts;
    this.#watch = watch;
  }

  start(name: string): void {
    if (this.#closed) return;
    this.#parts.runs.set(name, { phase: 'starting' });
    this.#track(this.#make(name));
  }

  /** Starts a container again that has ended by itself and is to run on. */
  restart(name: string): void {
    if (this.#closed || this.#parts.runs.get(name)?.phase !== 'backoff') return;
    this.#parts.runs.set(name, { phase: 'starting' });
    this.#track(this.#makeAnew(name));
  }

  /** Starts a created container that the earlier server may have been starting when it was killed. */
  startAgain(name: string, process: ContainerProcess): void {
    process.watch();
    this.#parts.runs.set(name, { phase: 'starting' });
    this.#track(this.#goOn(name, process));
  }

  /** Nothing is started any more. Resolves when no start is in flight. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#starts);
  }

  #track(start: Promise<void>): void {
    this.#starts.add(start);
    void start.finally(() => this.#starts.delete(start));
  }

  /** Never rejects: what goes wrong becomes the container's end. */
  async #make(name: string): Promise<void> {
    try {
      await this.#parts.context.starting.run(() => this.#createAndStart(name));
    } catch (error) {
      this.#notStarted(name, error);
    }
  }

  async #makeAnew(name: string): Promise<void> {
    try {
      await this.#parts.processes.discard(name);
      await this.#parts.place.clearRoot(name);
    } catch (error) {
      return this.#notStarted(name, error);
    }
    await this.#make(name);
  }

  #notStarted(name: string, error: unknown): void {
    if (error instanceof PodGone) this.#parts.abandon(error);
    // Cut short by the agent's stop: the next one finds out how far it came.
    else if (this.#parts.context.stopping.aborted) this.#parts.abandon(new Detached());
    else if (error instanceof PassedOver)
      this.#watch.ended(name, passedOver(error.message, this.#parts.context.clock.now()));
    else this.#watch.ended(name, refusalOf(error, this.#parts.context.clock.now()));
  }

  async #createAndStart(name: string): Promise<void> {
    const process = this.#parts.processes.of(name);
    if (this.#parts.context.stopping.aborted) throw new Detached();
    const sandbox = await this.#parts.place.sandbox(this.#parts.pod());
    this.#parts.journal.write(name, { id: process.place.id, stage: 'creating' });
    const { context, order } = this.#parts;
    const entry = order[name] ?? {};
    const { spec, imageId, shown, expected } = await planContainer({
      context,
      pod: this.#parts.pod(),
      container: this.#parts.containers.get(name)!,
      order: entry,
      sandbox,
      place: { id: process.place.id, podDirectory: this.#parts.place.directory },
    });
    this.#parts.imageIds.set(name, imageId);
    try {
      if (hasEndWork(entry)) keepShown(process.place.bundle, shown);
      const pid = await process.create(spec);
      checkMounts(pid, expected);
    } finally {
      release(expected);
    }
    await this.#parts.claimed();
    await this.#startCreated(name, process);
  }

  async #startCreated(name: string, process: ContainerProcess): Promise<void> {
    const { clock } = this.#parts.context;
    if (this.#parts.stopOf(name) !== undefined) {
      await process.remove();
      return this.#watch.ended(name, skipped('the Pod was stopped before this container began', clock.now()));
    }
    const startedAt = clock.now();
    this.#parts.journal.write(name, {
      id: process.place.id,
      stage: 'starting',
      startedAt,
      startedMonotonic: monotonic(),
    });
    await process.start();
    this.#watch.follow(name, process, startedAt, true);
  }

  async #goOn(name: string, process: ContainerProcess): Promise<void> {
    try {
      await this.#parts.claimed();
      await this.#startCreated(name, process);
    } catch (error) {
      this.#notStarted(name, error);
    }
  }
}
