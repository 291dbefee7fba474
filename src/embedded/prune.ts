/**
 * Removes images, layers, source packages and build caches that nothing names any more: at start, soon after an App, a Build or a
 * source package went, and once in a while. The stores see to it that nothing in the making is lost.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../build/remove-tree.ts';
import type { SourceStore } from '../build/source-store.ts';
import type { AnyKind, Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import { reflect } from '../client/reflector.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { BuildCaches } from '../node/disk/build-caches.ts';
import { digestOf } from '../node/images/image.ts';
import type { ImageStore } from '../node/images/image-store.ts';
import { isFinal } from '../resources/condition.ts';
import { Pod, podFinished } from '../resources/core/pod.ts';
import { App } from '../resources/kf/app.ts';
import { Build } from '../resources/kf/build.ts';
import { SourcePackage } from '../resources/kf/source-package.ts';
import { Task } from '../resources/kf/task.ts';
import { PipelineRun } from '../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../resources/tekton/task-run.ts';

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

async function cacheNames(client: Client): Promise<ReadonlySet<string>> {
  const [apps, builds] = await Promise.all([client.list(App), client.list(Build, { unfinishedOnly: true })]);
  return new Set([...apps.items, ...builds.items].map(({ metadata }) => metadata.uid ?? ''));
}

/** Checksums of the packages that are wanted. */
export async function namedSources(client: Client): Promise<ReadonlySet<string>> {
  const { items } = await client.list(SourcePackage);
  return new Set(items.map((source) => source.spec.checksum.value));
}

/** Digests that an App, a Build or an unfinished run names. */
export async function namedImages(client: Client): Promise<ReadonlySet<string>> {
  const running = await imagesOfRuns(client);
  return new Set([...running, ...(await imagesOfApps(client))]);
}

/** Digests that an App or a Build names. */
async function imagesOfApps(client: Client): Promise<ReadonlySet<string>> {
  const [apps, builds] = await Promise.all([client.list(App), client.list(Build)]);
  return digestsOf([
    ...apps.items.flatMap((app) => [app.status?.image, app.spec.build.image]),
    ...builds.items.map((build) => build.status?.image),
  ]);
}

/** Digests that an unfinished run names anywhere in its spec, from the PipelineRun to the Pod; or a Task between attempts. */
async function imagesOfRuns(client: Client): Promise<ReadonlySet<string>> {
  const lists = [PipelineRun, TaskRun, Pod].map((kind: AnyKind) => client.list(kind, { unfinishedOnly: true }));
  const tasks = await client.list(Task, { unfinishedOnly: true });
  const specs = (await Promise.all(lists)).flatMap(({ items }) => items.map((run) => JSON.stringify(run.spec)));
  specs.push(...tasks.items.map(({ status }) => status?.image ?? ''));
  return new Set(specs.flatMap((text) => [...text.matchAll(/@(sha256:[0-9a-f]{64})/g)].map(([, digest]) => digest!)));
}

/** Names of images, as they stand there, in unfinished runs and Builds: by name only, or by digest, too. */
export async function namesInRuns(client: Client): Promise<ReadonlySet<string>> {
  const kinds = [PipelineRun, TaskRun, Pod, Build].map((kind: AnyKind) => client.list(kind, { unfinishedOnly: true }));
  const specs = (await Promise.all(kinds)).flatMap(({ items }) => items.map(({ spec }) => spec));
  return new Set(specs.flatMap(namesIn));
}

/** Values of `image` anywhere, and of a Build's parameters. */
function namesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' ? (key === 'image' || key === 'value' ? [inner] : []) : namesIn(inner),
  );
}

const digestsOf = (refs: readonly (string | undefined)[]): ReadonlySet<string> =>
  new Set(refs.map((ref) => digestOf(ref ?? '')).filter((digest) => digest !== undefined));

/**
 * Removes working folders of Builds that were deleted, or ended just before a crash. For before builds start.
 * @returns uids of the Builds that go on
 */
export async function pruneBuilds(client: Client, folder: string): Promise<ReadonlySet<string>> {
  const present = await readdir(folder).catch(() => []);
  const { items } = await client.list(Build, { unfinishedOnly: true });
  const kept = new Set(items.filter((build) => !isFinal(build)).map((build) => build.metadata.uid ?? ''));
  for (const uid of present) if (!kept.has(uid)) await removeTree(join(folder, uid));
  return kept;
}
