/** Builds on the host stack: dependencies are installed in the same sandbox as tasks, the rest is the source as it is. */

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client/client.ts';
import { type Result, soon } from '../client/controller.ts';
import { conditionOf } from '../resources/condition.ts';
import { type Build, noCacheParam, paramOf } from '../resources/kf/build.ts';
import type { TaskRun } from '../resources/tekton/task-run.ts';
import type { BuildReports } from './build-reports.ts';
import { type BuildLimits, buildRunOf } from './build-run.ts';
import { type Builder, createRun, type UploadedBuild } from './builder.ts';
import { commitImage, layerOfStep } from './commit-image.ts';
import { type BuildPlan, type DependencyStep, planAnew, planBuild } from './detect.ts';
import type { HostStack, ImageSink } from './image-sink.ts';
import type { Staging } from './staging.ts';

export interface HostStackBuildOptions {
  readonly client: Client;
  readonly reports: BuildReports;
  readonly images: ImageSink;
  readonly stack: HostStack;
  readonly limits?: BuildLimits;
}

export class HostStackBuild implements Builder {
  readonly #options: HostStackBuildOptions;

  constructor(options: HostStackBuildOptions) {
    this.#options = options;
  }

  async build({ build, sha256, staging, run }: UploadedBuild): Promise<Result | void> {
    const { stack } = this.#options;
    const inputs = {
      interpreters: await stack.interpreters(),
      space: build.metadata.namespace ?? '',
      env: JSON.stringify(build.spec.env ?? []),
    };
    const plan = await staging.plan((files) => (takesCache(build) ? planBuild : planAnew)(files, inputs));
    const open = this.#openSteps(build, plan);
    if (run !== undefined && !covers(run, open)) {
      await staging.distrust();
      return soon;
    }
    if (open.length > 0 && !(await this.#runSteps(build, staging, open, run))) return;
    await this.#commit(build, staging, plan, sha256);
  }

  async tidy(uid: string): Promise<void> {
    this.#options.images.release(uid);
  }

  /** The steps whose layers are not here; those that are stay until the Build is over. */
  #openSteps({ metadata }: Build, { steps }: BuildPlan): readonly DependencyStep[] {
    const { images } = this.#options;
    const layers = steps.flatMap(({ cacheKey }) => (cacheKey === undefined ? [] : [layerOfStep(cacheKey)]));
    images.hold(metadata.uid ?? '', layers);
    return steps.filter(({ cacheKey }) => cacheKey === undefined || !images.hasLayer(layerOfStep(cacheKey)));
  }

  /** Runs the steps as a TaskRun; true once they have succeeded. */
  async #runSteps(
    build: Build,
    staging: Staging,
    steps: readonly DependencyStep[],
    run: TaskRun | undefined,
  ): Promise<boolean> {
    const { client, stack, limits = {}, reports } = this.#options;
    const condition = run === undefined ? undefined : conditionOf(run, 'Succeeded');
    if (condition?.status === 'True') return true;
    if (run !== undefined && condition?.status === 'False') {
      await reports.runFailed(build, run);
      return false;
    }
    if (run === undefined) {
      const missing = await this.#missingProgram(steps);
      if (missing !== undefined) {
        await reports.fail(build, 'MissingProgram', missing);
        return false;
      }
      const context = {
        image: stack.ref,
        isImage: stack.base !== undefined,
        source: staging.app,
        path: stack.path,
        limits,
      };
      await createRun(client, buildRunOf(build, steps, context));
    }
    await reports.running(build, run);
    return false;
  }

  async #missingProgram(steps: readonly DependencyStep[]): Promise<string | undefined> {
    // What an image lacks its own shell says.
    if (this.#options.stack.base !== undefined) return undefined;
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
    const { images, stack, reports } = this.#options;
    const { ref, fingerprint } = await commitImage({ build, staging, plan, sha256, images, stack });
    await reports.succeed(build, {
      image: ref,
      stack: { name: stack.name ?? 'host', fingerprint },
      ...(plan.startCommand === undefined ? {} : { startCommand: plan.startCommand }),
    });
    await staging.remove();
  }
}

/** Whether the TaskRun runs all these steps: a layer may have gone since it was made without one. */
const covers = (run: TaskRun, steps: readonly DependencyStep[]): boolean => {
  const commands = new Set((run.spec.taskSpec?.steps ?? []).map(({ command }) => command?.at(-1)));
  return steps.every(({ command }) => commands.has(command));
};

const takesCache = ({ spec }: Build): boolean => paramOf(spec, noCacheParam) !== 'true';

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
