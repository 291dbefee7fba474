/** Runs PipelineRuns: makes their children in order, mirrors their states, ends them. */

import type { AnyKind, Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  hasEnded,
  type LockingContext,
  mapped,
  ownedBy,
  type Result,
  type RunningController,
  soon,
  startController,
  type Watched,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { KeyedMutex } from '../../client/keyed-mutex.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { endOfTurn } from '../../client/turns.ts';
import { isFinal } from '../../resources/condition.ts';
import { labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { CelError } from '../../resources/tekton/cel.ts';
import { CustomRun } from '../../resources/tekton/custom-run.ts';
import { usualCombinations } from '../../resources/tekton/feature-flags.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineSpec } from '../../resources/tekton/pipeline-spec.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { ConcurrencyLine } from '../concurrency/concurrency-line.ts';
import { isManagedHere } from '../managed-by.ts';
import { ResolutionError, type Waiting } from '../references/reference.ts';
import { resolutionsOf } from '../references/references.ts';
import { Children, LeftoverInTheWay } from './children.ts';
import type { PipelineRunSettings } from './make-runs.ts';
import { pipelineOfRun, type RunPipeline } from './pipeline.ts';
import { beginningStatus, failedStatus, statusOf, waitingStatus } from './status.ts';
import { Step } from './step.ts';
import { cancelledByPipelineRun } from './task-state.ts';
import { untilNext } from './timeouts.ts';
import { type ChildRun, InvalidPipeline, PipelineRunFailure } from './types.ts';

interface Options extends LockingContext {
  /** Default: Tekton's. */
  readonly settings?: Partial<PipelineRunSettings>;
}

export function startPipelineRunController(options: Options): RunningController {
  const controller = new PipelineRunController(options);
  return startController({
    ...options,
    name: 'pipelinerun',
    watches: [
      mapped(PipelineRun, (run, gone) => [refOf(run), ...controller.line.wokenBy(run, gone)], { unfinishedOnly: true }),
      endOf(TaskRun),
      endOf(CustomRun),
      endOf(PipelineRun),
      resolutionsOf(PipelineRun),
      mapped(TaskRun, (run, gone) => controller.line.wokenBy(run, gone), {
        unfinishedOnly: true,
        labelSelector: labels.concurrencyKey,
      }),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
}

/** A child's end, or that it is gone, is news to its PipelineRun; what it does until then is not. */
function endOf(kind: AnyKind): Watched {
  const watched = ownedBy(PipelineRun, kind, { unfinishedOnly: true });
  return {
    ...watched,
    requests: (object, gone) => (gone || isFinal(object as ChildRun) ? watched.requests(object, gone) : []),
  };
}

export class PipelineRunController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #children: Children;
  readonly #settings: PipelineRunSettings;
  readonly line: ConcurrencyLine;

  constructor({ client, clock, mutex = new KeyedMutex(), settings = {} }: Options) {
    this.#settings = { matrixCombinations: usualCombinations, timeout: 3_600_000, ...settings };
    this.#client = client;
    this.#clock = clock;
    this.#children = new Children(client);
    this.line = new ConcurrencyLine(client, mutex);
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const run = await getIfExists(this.#client, PipelineRun, request);
    if (run === undefined || run.metadata.deletionTimestamp !== undefined || isFinal(run)) {
      this.#children.forget(request);
      return hasEnded;
    }
    if (!isManagedHere(run)) return;
    if (run.spec.status === 'PipelineRunPending')
      return this.#wait(run, 'PipelineRunPending', `PipelineRun "${run.metadata.name}" is pending`);
    try {
      const pipeline = await pipelineOfRun(this.#client, run);
      return pipeline.state === 'waiting' ? await this.#waitFor(run, pipeline) : await this.#advanceKnown(pipeline);
    } catch (error) {
      if (error instanceof LeftoverInTheWay) return soon;
      const { reason, message } = failureOf(error, run);
      await this.#fail(run, reason, message, error instanceof InvalidPipeline ? error.spec : undefined);
    }
  }

  /** A failure that is thrown is reported with the Pipeline in the status. */
  async #advanceKnown(pipeline: RunPipeline): Promise<Result | void> {
    try {
      return await this.#advance(pipeline);
    } catch (error) {
      if (!(error instanceof PipelineRunFailure || error instanceof ResolutionError || error instanceof CelError))
        throw error;
      const { reason, message } = failureOf(error, pipeline.run);
      throw new InvalidPipeline(reason, message, pipeline.spec);
    }
  }

  async #advance(pipeline: RunPipeline): Promise<Result | void> {
    const { run } = pipeline;
    const now = this.#clock.now();
    const step = new Step(this.#client, this.#children, pipeline, now, this.#settings);
    const waiting = await step.prepare();
    if (waiting !== undefined) return this.#waitFor(run, waiting);
    if (run.status?.startTime === undefined && !step.isUnderway && !run.spec.status) {
      let hasBegun = false;
      const obstacle = await this.line.obstacle(run, async () => {
        hasBegun = true;
        await writeStatus(this.#client, PipelineRun, run, beginningStatus(run, this.#now()));
      });
      if (obstacle !== undefined) return this.#wait(run, 'Pending', obstacle);
      // That it has begun wakes it.
      if (hasBegun) return;
    }
    await step.end();
    const held = await step.start();
    if (held !== undefined && !step.isUnderway) return this.#waitFor(run, held);
    if (run.status?.startTime === undefined) await endOfTurn();
    await writeStatus(this.#client, PipelineRun, run, statusOf(run, step.standing, rfc3339(now)));
    const requeueAfter = soonest(untilNext(now, step.deadlines), held?.requeueAfter);
    return requeueAfter === undefined ? undefined : { requeueAfter };
  }

  async #waitFor(run: PipelineRun, { reason, message, requeueAfter }: Waiting): Promise<Result | void> {
    await this.#wait(run, reason, message);
    return requeueAfter === undefined ? undefined : { requeueAfter };
  }

  async #wait(run: PipelineRun, reason: string, message: string): Promise<void> {
    await writeStatus(this.#client, PipelineRun, run, waitingStatus(run, reason, message, this.#now()));
  }

  /** @param spec of the Pipeline, where it is known */
  async #fail(run: PipelineRun, reason: string, message: string, spec?: PipelineSpec): Promise<void> {
    await this.#children.endAll(run, cancelledByPipelineRun);
    await writeStatus(this.#client, PipelineRun, run, failedStatus(run, reason, message, this.#now(), spec));
  }

  #now(): string {
    return rfc3339(this.#clock.now());
  }
}

const soonest = (...times: readonly (number | undefined)[]): number | undefined =>
  times.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a));

/** What ends the run for good. @throws any other error, which is to be tried again */
function failureOf(error: unknown, run: PipelineRun): { readonly reason: string; readonly message: string } {
  if (error instanceof PipelineRunFailure || error instanceof ResolutionError) return error;
  if (error instanceof CelError)
    return {
      reason: 'CELEvaluationFailed',
      message: `[User error] Error evaluating CEL ${run.metadata.name}: ${error.message}`,
    };
  throw error;
}
