/** Turns source packages into images, each by the builder that it names. Embedded only: on a cluster Kf's own do it. */

import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import { mapped, ownedBy, type Result, type RunningController, soon, startController } from '../client/controller.ts';
import { getChild, getIfExists } from '../client/get-if-exists.ts';
import { Waiting } from '../client/waiting.ts';
import { conditionOf, isFinal } from '../resources/condition.ts';
import {
  Build,
  builderNames,
  buildpackBuilder,
  dockerfileBuilder,
  hostStackBuilder,
  imageBuilder,
  kfBuilders,
} from '../resources/kf/build.ts';
import { SourcePackage } from '../resources/kf/source-package.ts';
import { isControlledBy, type ObjectRef, refOf } from '../resources/meta.ts';
import { TaskRun } from '../resources/tekton/task-run.ts';
import { BuildReports } from './build-reports.ts';
import type { BuildLimits } from './build-run.ts';
import { type Builder, cancelRun } from './builder.ts';
import { UnbuildableSourceError } from './detect.ts';
import { HostStackBuild } from './host-stack-build.ts';
import { GivenImageBuild } from './image/given-image-build.ts';
import type { GivenImages } from './image/given-images.ts';
import { ImageBuild } from './image/image-build.ts';
import type { ImageTools } from './image/image-tools.ts';
import type { HostStack, ImageSink } from './image-sink.ts';
import type { SourceStore } from './source-store.ts';
import { StackBuild } from './stack-build.ts';
import { Staging } from './staging.ts';
import { UnsafeSourceError } from './unpack.ts';

export interface BuildOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly dataDir: string;
  /** Names this boot of the machine: what an earlier one had not flushed is not trusted. */
  readonly bootId: string;
  readonly sources: SourceStore;
  readonly images: ImageSink;
  readonly stack: HostStack;
  /** What Dockerfiles and buildpacks are built with. Default: nothing, such Builds fail. */
  readonly imageTools?: ImageTools;
  /** What each build may use. Default: see BuildLimits. */
  readonly limits?: BuildLimits;
  /** Where images come from that are taken as they are. Default: nowhere, such Builds fail. */
  readonly given?: GivenImages;
  readonly onError?: (message: string, error: unknown) => void;
}

export function startBuildController(options: BuildOptions): RunningController {
  const controller = new BuildController(options, (request) => running.enqueue(request));
  const running: RunningController = startController({
    ...options,
    name: 'build',
    concurrency: 4,
    watches: [
      mapped(Build, (build) => [refOf(build), ...controller.waitingFor(build)], { unfinishedOnly: true }),
      ownedBy(Build, TaskRun, { unfinishedOnly: true }),
      mapped(SourcePackage, (source) => controller.waitingFor(source), { unfinishedOnly: true }),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
  return running;
}

export class BuildController {
  readonly #options: BuildOptions;
  readonly #reports: BuildReports;
  readonly #builders: ReadonlyMap<string, Builder>;
  readonly #given: GivenImageBuild | undefined;
  readonly #waiting = new Waiting();
  /** UIDs of Builds with a working folder, by namespace and name: a Build that was deleted says no UID any more. */
  readonly #folders = new Map<string, string>();

  /** @param wake has a Build looked at again, of which no event tells */
  constructor(options: BuildOptions, wake: (build: ObjectRef) => void = () => {}) {
    const { imageTools } = options;
    this.#options = options;
    this.#reports = new BuildReports(options);
    const hostStack = new HostStackBuild({ ...options, reports: this.#reports });
    const shared = { ...options, reports: this.#reports, waiting: this.#waiting, wake };
    const image = imageTools && new ImageBuild({ ...shared, imageTools });
    const { given } = options;
    this.#given = given && new GivenImageBuild({ ...options, given, reports: this.#reports, wake });
    this.#builders = new Map<string, Builder>([
      [hostStackBuilder, hostStack],
      ...(this.#given === undefined ? [] : [[imageBuilder, this.#given] as const]),
      ...(imageTools === undefined || image === undefined
        ? []
        : ([
            [dockerfileBuilder, image],
            [buildpackBuilder, new StackBuild({ ...shared, imageTools, buildpacks: image })],
          ] as const)),
    ]);
  }

  waitingFor(awaited: SourcePackage | Build): readonly ObjectRef[] {
    return this.#waiting.on(refOf(awaited));
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const { client } = this.#options;
    const build = await getIfExists(client, Build, request);
    const over = build === undefined || build.metadata.deletionTimestamp !== undefined || isFinal(build);
    await this.#tidy(request, build?.metadata.uid, over);
    if (over) return this.#waiting.remove(request);
    if (isGiven(build) && this.#given !== undefined && !build.spec.terminated) return this.#given.pull(build);
    const builder = this.#builders.get(kfBuilders[build.spec.name] ?? build.spec.name);
    if (builder === undefined)
      return this.#reports.fail(
        build,
        'UnknownBuilder',
        `builder "${build.spec.name}" is not known; there are: ${builderNames.join(', ')}`,
      );
    const sha256 = build.spec.terminated ? undefined : await this.#uploaded(build);
    if (sha256 !== undefined) return this.#build(build, builder, sha256);
    if (build.spec.terminated) return this.#terminate(build);
  }

  #staging(uid: string): Staging {
    return new Staging(this.#options.dataDir, uid, this.#options.bootId);
  }

  /** Removes what Builds of this name that are over have left. */
  async #tidy({ namespace, name }: ObjectRef, uid: string | undefined, over: boolean): Promise<void> {
    const key = `${namespace}/${name}`;
    const known = this.#folders.get(key);
    const gone = [known !== uid ? known : undefined, over ? uid : undefined].filter((other) => other !== undefined);
    for (const other of gone) {
      for (const builder of new Set(this.#builders.values())) await builder.tidy?.(other);
      await this.#staging(other).remove();
    }
    if (over || uid === undefined) this.#folders.delete(key);
    else this.#folders.set(key, uid);
  }

  /** The checksum of the Build's uploaded source; undefined while it is still to come. */
  async #uploaded(build: Build): Promise<string | undefined> {
    const name = build.spec.sourcePackage?.name;
    if (name === undefined) {
      await this.#reports.fail(build, 'NoSource', 'spec.sourcePackage is missing');
      return undefined;
    }
    const ref = { ...refOf(build), name };
    this.#waiting.add(refOf(build), ref);
    const source = await getIfExists(this.#options.client, SourcePackage, ref);
    const condition = source === undefined ? undefined : conditionOf(source, 'Succeeded');
    if (condition?.status === 'True') return source?.spec.checksum.value;
    if (condition?.status === 'False')
      await this.#reports.fail(build, 'SourceUploadFailed', condition.message ?? 'the upload failed');
    else await this.#reports.uploading(build);
    return undefined;
  }

  async #build(build: Build, builder: Builder, sha256: string): Promise<Result | void> {
    const { sources, client } = this.#options;
    const staging = this.#staging(build.metadata.uid ?? '');
    try {
      if (!(await sources.has(sha256)))
        return this.#reports.fail(
          build,
          'SourceMissing',
          'the source package is not on the server any more: push again',
        );
      const run = await getChild(client, TaskRun, refOf(build), build);
      // Left by a Build of this name that was deleted.
      if (run !== undefined && !isControlledBy(run, build)) return soon;
      if (!(await staging.isTrusted()) && !(await this.#discardRun(run))) return soon;
      await staging.prepare(sources.pathOf(sha256));
      return await builder.build({ build, sha256, staging, run });
    } catch (error) {
      if (error instanceof UnbuildableSourceError || error instanceof UnsafeSourceError)
        return this.#reports.fail(build, 'UnbuildableSource', error.message);
      throw error;
    }
  }

  /** Ends its run first; the Build is over once its processes have ended, so that "terminated" means "stopped". */
  async #terminate(build: Build): Promise<void> {
    const { client } = this.#options;
    const run = await getChild(client, TaskRun, refOf(build), build);
    if (run !== undefined && isControlledBy(run, build) && !isFinal(run)) await cancelRun(client, run);
    else await this.#reports.fail(build, 'BuildTerminated', 'the build was terminated');
  }

  /** Deletes the TaskRun that worked in a folder that cannot be trusted any more. @returns whether there was none */
  async #discardRun(run: TaskRun | undefined): Promise<boolean> {
    if (run === undefined) return true;
    if (run.metadata.deletionTimestamp === undefined)
      await this.#options.client.delete(TaskRun, refOf(run), { preconditions: { uid: run.metadata.uid } });
    return false;
  }
}

/** Whether it takes an image of a registry: nothing is uploaded. */
const isGiven = ({ spec }: Build): boolean => spec.name === imageBuilder && spec.sourcePackage === undefined;
