/**
 * Tells of Apps whose image is not on the machine any more (removed by hand, damaged, not restored): the Build's
 * condition `ImageReady` turns False, the App is not ready for that reason, and a push builds again although the source
 * has not changed. Level-triggered: it looks at every App at start, when the image store's folders change, and when a Pod
 * found no image.
 */

import type { Client } from '../client/client.ts';
import { type Clock, rfc3339 } from '../client/clock.ts';
import { getIfExists } from '../client/get-if-exists.ts';
import { reflect } from '../client/reflector.ts';
import { writeStatus } from '../client/status-writer.ts';
import { WorkQueue } from '../client/work-queue.ts';
import { conditionOf, mergeConditions } from '../resources/condition.ts';
import { Pod } from '../resources/core/pod.ts';
import { App } from '../resources/kf/app.ts';
import { Build, imageMissing, imageReady } from '../resources/kf/build.ts';
import { namespacedName, type ObjectRef, refOfNamespacedName } from '../resources/meta.ts';
import { isConflict } from '../resources/status.ts';

/** Where images are kept: the node's image store, wired by embedded.ts. */
export interface StoredImages {
  /** What an image lacks, in one line; undefined when it is whole. */
  lackOf(ref: string): Promise<string | undefined>;
  /** Calls `changed` after images or layers came or went. */
  watch(changed: () => void): { close(): void };
}

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly images: StoredImages;
  readonly onError?: (message: string, error: unknown) => void;
}

export interface ImagePresence {
  /** Resolves when nothing is left to look at. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds after a change in the image store: a build or a removal is many changes. */
const settling = 100;

export function startImagePresence(options: Options): ImagePresence {
  const { client, clock, images, onError } = options;
  const abort = new AbortController();
  /** The image of each App, by namespace and name: an App's status changes with every Task, its image seldom. */
  const known = new Map<string, string>();
  const queue = new WorkQueue({
    clock,
    concurrency: 1,
    work: (key) => look(options, refOfNamespacedName(key)),
    onError: (key, error) => {
      if (!isConflict(error)) onError?.(`looking for the image of App ${key}`, error);
    },
  });
  const lookAtAll = (): void => {
    for (const key of known.keys()) queue.addAfter(key, settling);
  };
  const watched = images.watch(lookAtAll);
  const watching = { client, clock, signal: abort.signal };
  void reflect({
    ...watching,
    kind: App,
    onObject: (app, gone) => {
      const key = namespacedName(app.metadata);
      const image = imageOf(app);
      if (gone || image === undefined) known.delete(key);
      else if (known.get(key) !== image) {
        known.set(key, image);
        queue.add(key);
      }
    },
    onError: (error) => onError?.('watching Apps for their images', error),
  });
  void reflect({
    ...watching,
    kind: Pod,
    list: { unfinishedOnly: true },
    onObject: (pod) => {
      if (foundNoImage(pod)) lookAtAll();
    },
    onError: (error) => onError?.('watching Pods for their images', error),
  });
  return {
    idle: () => queue.idle(),
    async stop() {
      abort.abort();
      watched.close();
      await queue.stop();
    },
  };
}

const imageOf = ({ metadata, status }: App): string | undefined =>
  metadata.deletionTimestamp === undefined && status?.latestReadyBuild !== undefined && status.image !== undefined
    ? `${status.latestReadyBuild} ${status.image}`
    : undefined;

const foundNoImage = (pod: Pod): boolean =>
  (pod.status?.containerStatuses ?? []).some(({ state }) => state?.terminated?.reason === 'ErrImageNeverPull');

async function look({ client, clock, images }: Options, ref: ObjectRef): Promise<void> {
  const app = await getIfExists(client, App, ref);
  const { image, latestReadyBuild } = app?.status ?? {};
  if (image === undefined || latestReadyBuild === undefined) return;
  const lack = await images.lackOf(image);
  const build = await getIfExists(client, Build, { ...ref, name: latestReadyBuild });
  if (build?.status?.image !== image) return;
  // Most never lacked anything, and need no word about it.
  if (lack === undefined && conditionOf(build, imageReady)?.status !== 'False') return;
  const condition =
    lack === undefined
      ? ({ type: imageReady, status: 'True' } as const)
      : ({ type: imageReady, status: 'False', reason: imageMissing, message: lack } as const);
  await writeStatus(client, Build, build, {
    ...build.status,
    conditions: mergeConditions(build.status.conditions, [condition], rfc3339(clock.now())),
  });
}
