/** Makes an image of a finished build's working folder. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Build } from '../resources/kf/build.ts';
import { labels } from '../resources/labels.ts';
import type { BuildPlan } from './detect.ts';
import type { HostStack, ImageSink } from './image-sink.ts';
import { appFolder, type Staging } from './staging.ts';

export interface CommitInput {
  readonly build: Build;
  readonly staging: Staging;
  readonly plan: BuildPlan;
  /** Of the source package. */
  readonly sha256: string;
  readonly images: ImageSink;
  readonly stack: HostStack;
}

export interface CommittedImage {
  readonly ref: string;
  readonly fingerprint: string;
}

/** The layer that a step's cache key names. */
export const layerOfStep = (cacheKey: string): string => `sha256:${cacheKey}`;

/** Can be repeated after a crash at any point. Until the Build is over the image is held for it. */
export async function commitImage(input: CommitInput): Promise<CommittedImage> {
  const { build, plan, images, stack } = input;
  const layers = await addLayers(input);
  const fingerprint = await stack.fingerprint();
  const { ref } = await images.put({
    holder: build.metadata.uid ?? '',
    repository: `${build.metadata.namespace}/${build.metadata.labels?.[labels.appName] ?? build.metadata.name}`,
    base: stack.base ?? 'host',
    layers,
    config: {
      env: [
        ...(stack.env ?? []),
        `PATH=${[...plan.paths.map((path) => join(appFolder, path)), ...stack.path].join(':')}`,
        ...Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
      ],
      workingDir: appFolder,
      user: 'vcap',
    },
    annotations: { 'kf.dev/stack-fingerprint': fingerprint },
  });
  return { ref, fingerprint };
}

/** Takes the working folder apart; what it was flushed as is what becomes a layer. @returns digests, lowest first */
async function addLayers({ build, staging, plan, sha256, images }: CommitInput): Promise<readonly string[]> {
  const steps = plan.steps.filter((step) => step.cacheKey !== undefined);
  const digests = steps.map((step) => layerOfStep(step.cacheKey ?? ''));
  // What a step may have changed anywhere belongs to this build alone.
  const separable = steps.length === plan.steps.length;
  const source = sourceDigest(...(separable ? [sha256, ...digests] : [build.metadata.uid ?? '']));
  images.hold(build.metadata.uid ?? '', [source, ...digests]);
  const made = new Map<string, string>();
  for (const [index, step] of steps.entries()) {
    const output = step.output ?? '';
    if (images.hasLayer(digests[index]!)) await staging.discard(output);
    else made.set(digests[index]!, await staging.splitOff(output));
  }
  if (!images.hasLayer(source)) made.set(source, await staging.sourceLayer());
  // A layer has the name of what it should hold: after a power cut it must not hold less.
  await staging.flush();
  for (const [digest, folder] of made) await images.addLayer(folder, digest);
  return [source, ...digests];
}

const sourceDigest = (...names: readonly string[]): string =>
  `sha256:${createHash('sha256').update(`source-layer:${names.join()}`).digest('hex')}`;
