/**
 * Builds of Dockerfiles and buildpacks. Images that they start from are had ready first; then one TaskRun builds in a
 * sandbox that reaches nothing of this machine but its own cache, and leaves the image there as an OCI layout.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import type { Result } from '../../client/controller.ts';
import type { Waiting } from '../../client/waiting.ts';
import { exists } from '../../files/exists.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { Build, buildpackBuilder, dockerfileBuilder, kfBuilders } from '../../resources/kf/build.ts';
import { labels } from '../../resources/labels.ts';
import { controllerOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import type { BuildReports } from '../build-reports.ts';
import type { BuildLimits } from '../build-run.ts';
import { type Builder, createRun, type UploadedBuild } from '../builder.ts';
import { BaseFetches, type Want } from './base-fetches.ts';
import type { BuildMethod } from './build-method.ts';
import { BuildpackMethod } from './buildpack-method.ts';
import { DockerfileMethod } from './dockerfile-method.ts';
import { imageRunOf } from './image-run.ts';
import { BaseImageError, type ImageTools } from './image-tools.ts';
import type { Places } from './recipe.ts';

export interface ImageBuildOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly reports: BuildReports;
  readonly imageTools: ImageTools;
  /** Which Builds wait for which other. */
  readonly waiting: Waiting;
  /** Has a Build looked at again. */
  readonly wake: (build: ObjectRef) => void;
  readonly limits?: BuildLimits;
}

/** Milliseconds after which a disk that was too full is looked at again. */
const retry: Result = { requeueAfter: 5000 };

/** Times that a built image is taken: what hinders may pass, as a full disk does. */
const mostTakes = 5;

/** Names of builders, and how each builds. */
type Methods = Readonly<Record<string, BuildMethod>>;

export class ImageBuild implements Builder {
  readonly #options: ImageBuildOptions;
  readonly #methods: Methods;
  readonly #fetches: BaseFetches;
  /** How often the image of a Build could not be taken, by its uid. */
  readonly #takes = new Map<string, number>();

  constructor(options: ImageBuildOptions) {
    const { imageTools } = options;
    this.#options = options;
    this.#methods = {
      [dockerfileBuilder]: new DockerfileMethod(imageTools),
      [buildpackBuilder]: new BuildpackMethod(imageTools),
    };
    this.#fetches = new BaseFetches(options);
  }

  async build(uploaded: UploadedBuild): Promise<Result | void> {
    const { reports } = this.#options;
    const { build, run } = uploaded;
    if (run === undefined) return this.#start(uploaded);
    const condition = conditionOf(run, 'Succeeded');
    if (condition?.status === 'False')
      return reports.runFailed(build, run, this.#methodOf(build).explain?.(condition.message ?? '', uploaded));
    if (condition?.status === 'True') return this.#takeImage(uploaded);
    // Taken up again after a restart: what it works on stays.
    await this.#openCache(build);
    await reports.running(build, run, 'Building');
  }

  async tidy(uid: string): Promise<void> {
    const { imageTools } = this.#options;
    this.#fetches.stop(uid);
    this.#takes.delete(uid);
    await imageTools.caches.close(uid);
  }

  #methodOf({ spec }: Build): BuildMethod {
    return this.#methods[kfBuilders[spec.name] ?? spec.name]!;
  }

  async #start(uploaded: UploadedBuild): Promise<Result | void> {
    const { client, imageTools, reports, limits = {} } = this.#options;
    const { build, staging } = uploaded;
    const method = this.#methodOf(build);
    const lack = await imageTools.lack(method);
    if (lack !== undefined) return reports.fail(build, 'MissingProgram', lack);
    if (!(await this.#has(uploaded, await method.wants(uploaded)))) return;
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
    const places = { source: staging.app, bases: staging.bases, cache };
    if (!(await this.#has(uploaded, (await method.wantsBeside?.(uploaded, places)) ?? []))) return;
    await this.#ready(uploaded, places);
    await createRun(client, imageRunOf(build, await method.recipe(uploaded, places), limits));
    await reports.running(build, undefined, 'Building');
  }

  /** Whether all that is wanted is there; else it is fetched, and the Build says so, or why it cannot be had. */
  async #has({ build, staging }: UploadedBuild, wants: readonly Want[]): Promise<boolean> {
    const { reports } = this.#options;
    try {
      const missing = await this.#fetches.next(build, staging.bases, wants);
      if (missing === undefined) return true;
      await reports.progress(build, 'GettingImage', `Getting image ${missing}`, `Getting image ${missing}`);
    } catch (error) {
      if (!(error instanceof BaseImageError)) throw error;
      await reports.fail(build, 'BaseImageMissing', error.message);
    }
    return false;
  }

  /** Once only: a read that lags must not take away what a run works on. */
  async #ready(uploaded: UploadedBuild, places: Places): Promise<void> {
    const done = join(places.bases, 'ready');
    if (await exists(done)) return;
    await this.#methodOf(uploaded.build).ready?.(uploaded, places);
    await writeFile(done, '');
  }

  async #takeImage(uploaded: UploadedBuild): Promise<void> {
    const { imageTools, reports } = this.#options;
    const { build, staging } = uploaded;
    const method = this.#methodOf(build);
    const cache = await this.#openCache(build);
    const { namespace, name, uid = '', labels: own } = build.metadata;
    const repository = `${namespace}/${own?.[labels.appName] ?? name}`;
    let image: string;
    try {
      image = await imageTools.take(join(cache, method.output(uploaded)), { repository, holder: uid });
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof BaseImageError) return reports.fail(build, 'BadImage', message);
      const times = (this.#takes.get(uid) ?? 0) + 1;
      this.#takes.set(uid, times);
      if (times < mostTakes) throw error;
      return reports.fail(build, 'ImageNotKept', `the image was built, but could not be kept: ${message}`);
    }
    await reports.succeed(build, { image, ...(await method.outcome?.(uploaded)) });
    await staging.remove();
  }

  async #openCache(build: Build): Promise<string> {
    const { uid = '' } = build.metadata;
    const { cacheSuffix, cacheOwner } = this.#methodOf(build);
    const name = `${controllerOf(build)?.uid ?? uid}${cacheSuffix}`;
    return this.#options.imageTools.caches.open(name, uid, cacheOwner);
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
        this.#methodOf(one) !== undefined &&
        controllerOf(one)?.uid === controllerOf(build)?.uid &&
        isBefore(one),
    );
    if (older !== undefined) waiting.add(refOf(build), refOf(older));
    return older?.metadata.name;
  }
}

const compareNames = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
