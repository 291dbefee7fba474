/** Turns source packages into images on the host stack. Embedded only: on a cluster Kf's own builders do it. */

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client/client.ts';
import { type Clock, rfc3339 } from '../client/clock.ts';
import {
  itself,
  mapped,
  ownedBy,
  type Result,
  type RunningController,
  soon,
  startController,
} from '../client/controller.ts';
import { getChild, getIfExists } from '../client/get-if-exists.ts';
import { writeStatus } from '../client/status-writer.ts';
import { Waiting } from '../client/waiting.ts';
import { type ConditionDraft, conditionOf, happyCondition, isFinal, mergeConditions } from '../resources/condition.ts';
import { formatDuration } from '../resources/duration.ts';
import { Build, hostStackBuilder, noCacheParam } from '../resources/kf/build.ts';
import { SourcePackage } from '../resources/kf/source-package.ts';
import { isControlledBy, type ObjectRef, refOf } from '../resources/meta.ts';
import { isAlreadyExists } from '../resources/status.ts';
import { TaskRun } from '../resources/tekton/task-run.ts';
import { buildRunOf } from './build-run.ts';
import { commitImage, layerOfStep } from './commit-image.ts';
import { type BuildPlan, type DependencyStep, planAnew, planBuild, UnbuildableSourceError } from './detect.ts';
import type { HostStack, ImageSink } from './image-sink.ts';
import type { SourceStore } from './source-store.ts';
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
  /** Bytes of memory that the machine has for Pods: no build may ask for more. Default: unknown. */
  readonly memoryBytes?: number;
  readonly onError?: (message: string, error: unknown) => void;
}

export function startBuildController(options: BuildOptions): RunningController {
  const controller = new BuildController(options);
  return startController({
    ...options,
    name: 'build',
    concurrency: 4,
    watches: [
      itself(Build, { unfinishedOnly: true }),
      ownedBy(Build, TaskRun, { unfinishedOnly: true }),
      mapped(SourcePackage, (source) => controller.waitingFor(source), { unfinishedOnly: true }),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
}

type BuildStatus = NonNullable<Build['status']>;

const sourceReady: ConditionDraft = { type: 'SourcePackageReady', status: 'True' };
const progress = (type: string, reason: string, message: string): ConditionDraft => ({
  type,
  status: 'Unknown',
  reason,
  message,
});

export class BuildController {
  readonly #options: BuildOptions;
  readonly #waiting = new Waiting();
  /** UIDs of Builds with a working folder, by namespace and name: a Build that was deleted says no UID any more. */
  readonly #folders = new Map<string, string>();

  constructor(options: BuildOptions) {
    this.#options = options;
  }

  waitingFor(source: SourcePackage): readonly ObjectRef[] {
    return this.#waiting.on(refOf(source));
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const { client } = this.#options;
    const build = await getIfExists(client, Build, request);
    const over = build === undefined || build.metadata.deletionTimestamp !== undefined || isFinal(build);
    await this.#tidy(request, build?.metadata.uid, over);
    if (over) return this.#waiting.remove(request);
    if (build.spec.name !== hostStackBuilder)
      return this.#fail(
        build,
        'UnknownBuilder',
        `builder "${build.spec.name}" is not known; there is: ${hostStackBuilder}`,
      );
    const sha256 = await this.#uploaded(build);
    if (sha256 !== undefined) return this.#build(build, sha256);
  }

  #staging(uid: string): Staging {
    return new Staging(this.#options.dataDir, uid, this.#options.bootId);
  }

  /** Removes the working folders of Builds of this name that are over. */
  async #tidy({ namespace, name }: ObjectRef, uid: string | undefined, over: boolean): Promise<void> {
    const key = `${namespace}/${name}`;
    const known = this.#folders.get(key);
    const gone = [known !== uid ? known : undefined, over ? uid : undefined].filter((other) => other !== undefined);
    for (const other of gone) await this.#staging(other).remove();
    for (const other of gone) this.#options.images.release(other);
    if (over || uid === undefined) this.#folders.delete(key);
    else this.#folders.set(key, uid);
  }

  /** The checksum of the Build's uploaded source; undefined while it is still to come. */
  async #uploaded(build: Build): Promise<string | undefined> {
    const name = build.spec.sourcePackage?.name;
    if (name === undefined) {
      await this.#fail(build, 'NoSource', 'spec.sourcePackage is missing');
      return undefined;
    }
    const ref = { ...refOf(build), name };
    this.#waiting.add(refOf(build), ref);
    const source = await getIfExists(this.#options.client, SourcePackage, ref);
    const condition = source === undefined ? undefined : conditionOf(source, 'Succeeded');
    if (condition?.status === 'True') return source?.spec.checksum.value;
    if (condition?.status === 'False')
      await this.#fail(build, 'SourceUploadFailed', condition.message ?? 'the upload failed');
    else await this.#report(build, [progress('SourcePackageReady', 'initializing', 'Upload in progress')]);
    return undefined;
  }

  async #build(build: Build, sha256: string): Promise<Result | void> {
    const { sources, stack, client } = this.#options;
    const staging = this.#staging(build.metadata.uid ?? '');
    try {
      if (!(await sources.has(sha256)))
        return this.#fail(build, 'SourceMissing', 'the source package is not on the server any more: push again');
      const run = await getChild(client, TaskRun, refOf(build), build);
      // Left by a Build of this name that was deleted.
      if (run !== undefined && !isControlledBy(run, build)) return soon;
      if (!(await staging.isTrusted()) && !(await this.#beginAgain(run))) return soon;
      await staging.prepare(sources.pathOf(sha256));
      const surroundings = {
        interpreters: await stack.interpreters(),
        space: build.metadata.namespace ?? '',
        env: JSON.stringify(build.spec.env ?? []),
      };
      const plan = await staging.plan((files) => (takesCache(build) ? planBuild : planAnew)(files, surroundings));
      const open = this.#openSteps(build, plan);
      if (run !== undefined && !covers(run, open)) {
        await staging.distrust();
        return soon;
      }
      if (open.length > 0 && !(await this.#runSteps(build, staging, open, run))) return;
      await this.#commit(build, staging, plan, sha256);
    } catch (error) {
      if (error instanceof UnbuildableSourceError || error instanceof UnsafeSourceError)
        return this.#fail(build, 'UnbuildableSource', error.message);
      throw error;
    }
  }

  /** The steps whose layers are not here; those that are stay until the Build is over. */
  #openSteps({ metadata }: Build, { steps }: BuildPlan): readonly DependencyStep[] {
    const { images } = this.#options;
    const layers = steps.flatMap(({ cacheKey }) => (cacheKey === undefined ? [] : [layerOfStep(cacheKey)]));
    images.hold(metadata.uid ?? '', layers);
    return steps.filter(({ cacheKey }) => cacheKey === undefined || !images.hasLayer(layerOfStep(cacheKey)));
  }

  /** Whether nothing stands of what was done in a working folder that is not to be trusted; else it is taken away. */
  async #beginAgain(run: TaskRun | undefined): Promise<boolean> {
    if (run === undefined) return true;
    if (run.metadata.deletionTimestamp === undefined)
      await this.#options.client.delete(TaskRun, refOf(run), { preconditions: { uid: run.metadata.uid } });
    return false;
  }

  /** Runs the steps as a TaskRun; true once they have succeeded. */
  async #runSteps(
    build: Build,
    staging: Staging,
    steps: readonly DependencyStep[],
    run: TaskRun | undefined,
  ): Promise<boolean> {
    const { client, stack, memoryBytes } = this.#options;
    const condition = run === undefined ? undefined : conditionOf(run, 'Succeeded');
    if (condition?.status === 'True') return true;
    if (condition?.status === 'False') {
      await this.#fail(
        build,
        'BuildFailed',
        `${condition.message ?? condition.reason}; see: kf build-logs ${build.metadata.name} --space ${build.metadata.namespace}`,
      );
      return false;
    }
    if (run === undefined) {
      const missing = await this.#missingProgram(steps);
      if (missing !== undefined) {
        await this.#fail(build, 'MissingProgram', missing);
        return false;
      }
      await this.#createRun(() =>
        client.create(
          TaskRun,
          buildRunOf(build, steps, { image: stack.ref, source: staging.app, path: stack.path, memoryBytes }),
        ),
      );
    }
    await this.#report(
      build,
      [
        sourceReady,
        progress('TaskRunReady', condition?.reason ?? 'initializing', condition?.message ?? 'Build in progress'),
      ],
      {
        buildName: build.metadata.name,
      },
    );
    return false;
  }

  async #createRun(create: () => Promise<unknown>): Promise<void> {
    try {
      await create();
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #missingProgram(steps: readonly DependencyStep[]): Promise<string | undefined> {
    for (const program of steps.flatMap((step) => step.programs)) {
      const found = await Promise.all(this.#options.stack.path.map((folder) => isThere(join(folder, program.name))));
      if (!found.includes(true))
        return (
          `the source needs ${program.name}, which this machine does not have. ` +
          `Install it (apt-get install ${program.package}), or build what it would install into the source with an executable bin/build`
        );
    }
    return undefined;
  }

  async #commit(build: Build, staging: Staging, plan: BuildPlan, sha256: string): Promise<void> {
    const { images, stack } = this.#options;
    const { ref, fingerprint } = await commitImage({ build, staging, plan, sha256, images, stack });
    await this.#report(build, [sourceReady, { type: 'TaskRunReady', status: 'True' }], {
      image: ref,
      stack: { name: 'host', fingerprint },
      ...(plan.startCommand === undefined ? {} : { startCommand: plan.startCommand }),
    });
    await staging.remove();
  }

  async #fail(build: Build, reason: string, message: string): Promise<void> {
    await this.#report(build, [{ type: 'TaskRunReady', status: 'False', reason, message }]);
  }

  async #report(build: Build, drafts: readonly ConditionDraft[], fields: Partial<BuildStatus> = {}): Promise<void> {
    const now = rfc3339(this.#options.clock.now());
    const happy = happyCondition('Succeeded', drafts);
    const startTime = build.status?.startTime ?? now;
    await writeStatus(this.#options.client, Build, build, {
      ...build.status,
      phase: undefined,
      ...fields,
      startTime,
      ...(happy.status === 'Unknown'
        ? {}
        : { completionTime: now, duration: formatDuration(Date.parse(now) - Date.parse(startTime)) }),
      observedGeneration: build.metadata.generation,
      conditions: mergeConditions(build.status?.conditions, [...drafts, happy], now),
    });
  }
}

/** Whether the TaskRun runs all these steps: a layer may have gone since it was made without one. */
const covers = (run: TaskRun, steps: readonly DependencyStep[]): boolean => {
  const commands = new Set((run.spec.taskSpec?.steps ?? []).map(({ command }) => command?.at(-1)));
  return steps.every(({ command }) => commands.has(command));
};

const takesCache = ({ spec }: Build): boolean =>
  !spec.params?.some(({ name, value }) => name === noCacheParam && value === 'true');

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
