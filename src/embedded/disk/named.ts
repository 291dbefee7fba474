/** What objects name of images, source packages and caches: all else is used by nobody. */

import type { AnyKind, Client } from '../../client/client.ts';
import { digestOf } from '../../node/images/image.ts';
import { Pod } from '../../resources/core/pod.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import { Task } from '../../resources/kf/task.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';

/** UIDs by which caches of builds are named: those of Apps, and of unfinished Builds. */
export async function cacheNames(client: Client): Promise<ReadonlySet<string>> {
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
export async function imagesOfApps(client: Client): Promise<ReadonlySet<string>> {
  const [apps, builds] = await Promise.all([client.list(App), client.list(Build)]);
  return digestsOf([
    ...apps.items.flatMap((app) => [app.status?.image, app.spec.build.image]),
    ...builds.items.map((build) => build.status?.image),
  ]);
}

/** Digests that an unfinished run names anywhere in its spec, from the PipelineRun to the Pod; or a Task between attempts. */
export async function imagesOfRuns(client: Client): Promise<ReadonlySet<string>> {
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
