/**
 * Builds on a stack that is an image: a builder of Cloud Native Buildpacks builds by its own lifecycle; any other image
 * is a base on which the source is laid as it is on the host stack.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import type { Result } from '../client/controller.ts';
import { exists } from '../files/exists.ts';
import { buildParams, paramOf } from '../resources/kf/build.ts';
import type { ObjectRef } from '../resources/meta.ts';
import type { BuildReports } from './build-reports.ts';
import type { BuildLimits } from './build-run.ts';
import type { Builder, UploadedBuild } from './builder.ts';
import { UnbuildableSourceError } from './detect.ts';
import { HostStackBuild } from './host-stack-build.ts';
import { BaseFetches } from './image/base-fetches.ts';
import { factsFile } from './image/buildpack-method.ts';
import { BaseImageError, type ImageFacts, type ImageTools } from './image/image-tools.ts';
import type { HostStack, ImageSink } from './image-sink.ts';

export interface StackBuildOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly reports: BuildReports;
  readonly images: ImageSink;
  readonly imageTools: ImageTools;
  readonly limits?: BuildLimits;
  /** Builds with a builder image. */
  readonly buildpacks: Builder;
  /** Has a Build looked at again. */
  readonly wake: (build: ObjectRef) => void;
}

/** Label of builder images. */
const builderLabel = 'io.buildpacks.builder.metadata';

export class StackBuild implements Builder {
  readonly #options: StackBuildOptions;
  readonly #fetches: BaseFetches;

  constructor(options: StackBuildOptions) {
    this.#options = options;
    this.#fetches = new BaseFetches(options);
  }

  async build(uploaded: UploadedBuild): Promise<Result | void> {
    const { reports, buildpacks } = this.#options;
    const { build } = uploaded;
    try {
      const facts = await this.#facts(uploaded);
      if (typeof facts === 'string')
        return reports.progress(build, 'GettingImage', `Getting image ${facts}`, `Getting image ${facts}`);
      if (facts.labels[builderLabel] !== undefined) return await buildpacks.build(uploaded);
      return await new HostStackBuild({ ...this.#options, stack: baseStack(stackOf(uploaded), facts) }).build(uploaded);
    } catch (error) {
      if (!(error instanceof BaseImageError)) throw error;
      return reports.fail(build, 'BaseImageMissing', error.message);
    }
  }

  async tidy(uid: string): Promise<void> {
    this.#fetches.stop(uid);
    this.#options.images.release(uid);
    await this.#options.buildpacks.tidy?.(uid);
  }

  /** What the image says of itself; while it is being had, how far that is. */
  async #facts(uploaded: UploadedBuild): Promise<ImageFacts | string> {
    const { imageTools } = this.#options;
    const { build, staging } = uploaded;
    const file = join(staging.bases, factsFile);
    if (!(await exists(file))) {
      const ref = stackOf(uploaded);
      const underWay = await this.#fetches.next(build, staging.bases, [
        {
          ref,
          file: factsFile,
          fetch: async (target, how) => writeFile(target, JSON.stringify(await imageTools.inspect(ref, how))),
        },
      ]);
      return underWay ?? ref;
    }
    return JSON.parse(await readFile(file, 'utf8')) as ImageFacts;
  }
}

function stackOf({ build }: UploadedBuild): string {
  const image = paramOf(build.spec, buildParams.builderImage);
  if (image === undefined || image === '') throw new UnbuildableSourceError(`it names no ${buildParams.builderImage}`);
  return image;
}

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An image as a stack: what was installed on it is told by its digest. */
function baseStack(name: string, { ref, env }: ImageFacts): HostStack {
  const path = env.find((one) => one.startsWith('PATH='))?.slice('PATH='.length) || usualPath;
  return {
    name,
    base: ref,
    ref,
    env: env.filter((one) => !one.startsWith('PATH=')),
    path: path.split(':'),
    fingerprint: async () => ref,
    interpreters: async () => ({ node: ref, python3: ref }),
  };
}
