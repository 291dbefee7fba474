/**
 * Builds of Dockerfiles and buildpacks. Images that they start from are had ready first; then one TaskRun builds in a
 * sandbox that reaches nothing of this machine but its own cache, and leaves the image there as an OCI layout.
 */

import { lstat, readFile, realpath } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { Result } from '../../client/controller.ts';
import type { Waiting } from '../../client/waiting.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import {
  Build,
  buildParams,
  dockerfileBuilder,
  hostStackBuilder,
  kfBuilders,
  noCacheParam,
  paramOf,
} from '../../resources/kf/build.ts';
import { labels } from '../../resources/labels.ts';
import { controllerOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import type { BuildReports } from '../build-reports.ts';
import type { BuildLimits } from '../build-run.ts';
import { type Builder, createRun, type UploadedBuild } from '../builder.ts';
import { UnbuildableSourceError } from '../detect.ts';
import type { Staging } from '../staging.ts';
import { BaseFetches } from './base-fetches.ts';
import { baseImages } from './base-images.ts';
import { dockerfileRecipe } from './dockerfile.ts';
import { BaseImageError, type ImageBench } from './image-bench.ts';
import { imageRunOf } from './image-run.ts';
import type { Recipe } from './recipe.ts';

export interface ImageBuildOptions {
  readonly client: Client;
  readonly reports: BuildReports;
  readonly bench: ImageBench;
  /** Which Builds wait for which other. */
  readonly waiting: Waiting;
  /** Has a Build looked at again. */
  readonly wake: (build: ObjectRef) => void;
  readonly limits?: BuildLimits;
}

/** Milliseconds after which a disk that was too full is looked at again. */
const retry: Result = { requeueAfter: 5000 };

export class ImageBuild implements Builder {
  readonly #options: ImageBuildOptions;
  readonly #fetches: BaseFetches;
  /** Names of open caches by the Build's uid. */
  readonly #open = new Map<string, string>();

  constructor(options: ImageBuildOptions) {
    this.#options = options;
    this.#fetches = new BaseFetches(options);
  }

  async build(uploaded: UploadedBuild): Promise<Result | void> {
    const { reports } = this.#options;
    const { build, run } = uploaded;
    if (run === undefined) return this.#start(uploaded);
    const condition = conditionOf(run, 'Succeeded');
    if (condition?.status === 'False') return reports.runFailed(build, run);
    if (condition?.status === 'True') return this.#takeImage(uploaded);
    // Taken up again after a restart: what it works on stays.
    await this.#openCache(build);
    await reports.running(build, run, 'Building');
  }

  async tidy(uid: string): Promise<void> {
    const { bench } = this.#options;
    this.#fetches.stop(uid);
    const cache = this.#open.get(uid);
    if (cache !== undefined) await bench.caches.close(cache, uid);
    this.#open.delete(uid);
    bench.release(uid);
  }

  async #start({ build, staging }: UploadedBuild): Promise<Result | void> {
    const { client, bench, reports, limits = {} } = this.#options;
    const lack = await bench.lack();
    if (lack !== undefined) return reports.fail(build, 'MissingProgram', lack);
    const recipe = await this.#recipe(build, staging);
    try {
      const missing = await this.#fetches.next(build, staging.bases, recipe.bases);
      if (missing !== undefined)
        return reports.progress(build, 'GettingImage', `Getting image ${missing}`, `Getting image ${missing}`);
    } catch (error) {
      if (!(error instanceof BaseImageError)) throw error;
      return reports.fail(build, 'BaseImageMissing', error.message);
    }
    const before = await this.#before(build);
    if (before !== undefined)
      return reports.progress(build, 'Waiting', `waiting for Build ${before}`, `Waiting for Build ${before} to end`);
    let cache: string;
    try {
      cache = await this.#openCache(build);
    } catch (error) {
      const { name, message } = error as Error;
      if (name === 'DiskTooSmallError') return reports.fail(build, name, message);
      if (name !== 'DiskReserveError') throw error;
      await reports.progress(build, 'DiskReserve', message, `Waiting for room on the disk: ${message}`);
      return retry;
    }
    const context = { stack: bench.stack, source: staging.app, bases: staging.bases, cache, limits };
    await createRun(client, imageRunOf(build, recipe, context));
    await reports.running(build, undefined, 'Building');
  }

  async #takeImage({ build, staging }: UploadedBuild): Promise<void> {
    const { bench, reports } = this.#options;
    const cache = await this.#openCache(build);
    const { namespace, name, uid = '', labels: own } = build.metadata;
    const image = await bench.take(join(cache, 'out'), {
      repository: `${namespace}/${own?.[labels.appName] ?? name}`,
      holder: uid,
    });
    await reports.succeed(build, { image });
    await staging.remove();
  }

  async #openCache(build: Build): Promise<string> {
    const { uid = '' } = build.metadata;
    const name = controllerOf(build)?.uid ?? uid;
    this.#open.set(uid, name);
    return this.#options.bench.caches.open(name, uid);
  }

  /** An older Build of the App that has its cache, or will. */
  async #before(build: Build): Promise<string | undefined> {
    const { client, waiting } = this.#options;
    const { namespace, name, creationTimestamp = '', labels: own } = build.metadata;
    const { items } = await client.list(Build, {
      ...(namespace === undefined ? {} : { namespace }),
      labelSelector: `${labels.appName}=${own?.[labels.appName] ?? ''}`,
      unfinishedOnly: true,
    });
    const isBefore = ({ metadata }: Build): boolean => {
      const at = metadata.creationTimestamp ?? '';
      return at < creationTimestamp || (at === creationTimestamp && compareNames(metadata.name, name) < 0);
    };
    const older = items.find(
      (one) =>
        !isFinal(one) &&
        one.spec.name !== hostStackBuilder &&
        controllerOf(one)?.uid === controllerOf(build)?.uid &&
        isBefore(one),
    );
    if (older !== undefined) waiting.add(refOf(build), refOf(older));
    return older?.metadata.name;
  }

  async #recipe(build: Build, staging: Staging): Promise<Recipe> {
    const { bench } = this.#options;
    const { spec } = build;
    const name = kfBuilders[spec.name] ?? spec.name;
    if (name !== dockerfileBuilder) throw new UnbuildableSourceError(`builder ${spec.name} is not there yet`);
    const dockerfile = normalize(paramOf(spec, buildParams.dockerfile) || 'Dockerfile');
    const buildArgs = spec.env ?? [];
    const given = new Map(buildArgs.map((one) => [one.name, one.value ?? '']));
    const bases = baseImages(await readInside(staging.app, dockerfile), given);
    const takesCache = paramOf(spec, noCacheParam) !== 'true';
    return dockerfileRecipe({ dockerfile, bases, buildArgs, takesCache, runtime: bench.runtime });
  }
}

const largestDockerfile = 2 ** 20;

/** Kf's message when it is not there. @throws UnbuildableSourceError */
async function readInside(folder: string, path: string): Promise<string> {
  const missing = new UnbuildableSourceError(`the Dockerfile "${path}" couldn't be found under the app root`);
  const real = await realpath(join(folder, path)).catch(() => undefined);
  if (real === undefined || !real.startsWith((await realpath(folder)) + sep)) throw missing;
  const found = await lstat(real);
  if (!found.isFile()) throw missing;
  if (found.size > largestDockerfile) throw new UnbuildableSourceError(`${path} is too large to be a Dockerfile`);
  return readFile(real, 'utf8');
}

const compareNames = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
