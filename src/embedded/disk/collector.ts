/**
 * Removes images, layers, source packages and build caches that nothing names any more: at start, soon after an App, a Build or a
 * source package went, and once in a while. The stores see to it that nothing in the making is lost.
 */

import type { SourceStore } from '../../build/source-store.ts';
import type { AnyKind, Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { reflect } from '../../client/reflector.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { BuildCaches } from '../../node/disk/build-caches.ts';
import type { ImageStore } from '../../node/images/image-store.ts';
import { Pod, podFinished } from '../../resources/core/pod.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import { cacheNames, imagesOfApps, imagesOfRuns, namedSources } from './named.ts';

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly images: ImageStore;
  readonly sources: SourceStore;
  /** By the uid of the App, or of a Build that has none. */
  readonly caches?: Pick<BuildCaches, 'prune'>;
  /** Removes what was built here and replaced. */
  readonly pruneStored?: () => Promise<unknown>;
  /** Whether nothing may go for now. Default: never. */
  readonly isHeld?: () => boolean;
  readonly onError?: (message: string, error: unknown) => void;
}

export interface Collector {
  /** Looks at once; resolves afterwards. */
  now(): Promise<void>;
  /** Resolves when nothing is being looked at; what waits for its time does not count. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds after something went: what goes seldom goes alone. */
const settling = 2000;
/** Milliseconds between looks without a reason: what went while a watch was broken. */
const interval = 3_600_000;
/** Milliseconds after which it is asked again whether anything may go. */
const heldInterval = 10_000;
const all = 'all';

/** Looks at once, then for as long as it runs. */
export function startCollector(options: Options): Collector {
  const { client, clock, onError } = options;
  const abort = new AbortController();
  /** Whether something stays for the sake of what runs only: the end of a run is then a reason to look. */
  let runsHold = false;
  const queue = new WorkQueue({
    clock,
    concurrency: 1,
    work: async () => {
      if (options.isHeld?.()) return queue.addAfter(all, heldInterval);
      runsHold = await prune(options);
      queue.addAfter(all, interval);
    },
    onError: (_key, error) => onError?.('removing images that are not used any more', error),
  });
  const look = (): void => queue.addAfter(all, settling);
  const watch = (kind: AnyKind, isReason: (object: unknown, gone: boolean) => boolean): void =>
    void reflect({
      client,
      kind,
      list: { unfinishedOnly: true },
      clock,
      signal: abort.signal,
      onObject: (object, gone) => {
        if (isReason(object, gone)) look();
      },
      onError: (error) => onError?.(`watching ${kind.plural}`, error),
    });
  for (const kind of [App, Build, SourcePackage]) watch(kind, (_, gone) => gone);
  watch(Pod, (pod, gone) => runsHold && (gone || podFinished(pod as Pod)));
  queue.add(all);
  return {
    now() {
      queue.add(all);
      return queue.idle();
    },
    idle: () => queue.idle(),
    async stop() {
      abort.abort();
      await queue.stop();
    },
  };
}

/** @returns whether an image stays for the sake of what runs only */
export async function prune({
  client,
  images,
  sources,
  caches,
  pruneStored,
}: Omit<Options, 'clock'>): Promise<boolean> {
  let runsHold = false;
  await images.prune(async () => {
    // Runs first: one that starts meanwhile has its image from an App.
    const running = await imagesOfRuns(client);
    const kept = await imagesOfApps(client);
    runsHold = [...running].some((digest) => !kept.has(digest));
    return new Set([...running, ...kept]);
  });
  await sources.prune(() => namedSources(client));
  await caches?.prune(await cacheNames(client));
  await pruneStored?.();
  return runsHold;
}
