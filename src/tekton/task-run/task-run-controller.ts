/** Runs TaskRuns: finds their Tasks, makes the Pod, mirrors its state, tries again, cancels it. */

import type { Client } from '../../client/client.ts';
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
} from '../../client/controller.ts';
import { getChild, getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { KeyedMutex } from '../../client/keyed-mutex.ts';
import { MadeChildren } from '../../client/made-children.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { endOfTurn } from '../../client/turns.ts';
import { type ConditionDraft, isFinal, mergeConditions } from '../../resources/condition.ts';
import { Pod } from '../../resources/core/pod.ts';
import { Space } from '../../resources/kf/space.ts';
import { isControlledBy, isLeftoverOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskRunStatus } from '../../resources/tekton/task-run-status.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { ConcurrencyLine } from '../concurrency/concurrency-line.ts';
import { isManagedHere } from '../managed-by.ts';
import type { Waiting } from '../references/reference.ts';
import { resolutionsOf } from '../references/references.ts';
import { SpaceLine } from '../space/space-line.ts';
import { attemptOf, podName } from './attempt.ts';
import { cancelled, podEnded, started, stuckStart, succeeded, timedOut } from './conditions.ts';
import { endPod, endUnknown, isGivenUp, removeUnstarted, stopPod } from './end-pod.ts';
import { type KnownTask, TaskRunFailure, UnfitTaskRun } from './failure.ts';
import { isAbandoned, letGo } from './held-pod.ts';
import { makePod, type PodDefaults, withMetaOfTask } from './make-pod.ts';
import { knownSpec, knownTask, type Prepared, prepare } from './prepare.ts';
import { retriedWhereAsked } from './retries.ts';
import { dropCredentials } from './run-credentials.ts';
import { awaitedSteps, finalStatus, hasStartedStep, isUntold, statusFromPod } from './status.ts';
import { timeToPull, timeToStart } from './time-limit.ts';

interface Options extends LockingContext {
  /** What Pods get of the server's settings. Default: nothing; a run that leaves a workspace open fails. */
  readonly podDefaults?: PodDefaults;
}

export function startTaskRunController(options: Options): RunningController {
  const controller = new TaskRunController(options);
  return startController({
    ...options,
    name: 'taskrun',
    watches: [
      mapped(TaskRun, (run, gone) => [refOf(run), ...controller.wokenBy(run, gone)], { unfinishedOnly: true }),
      ownedBy(TaskRun, Pod, { unfinishedOnly: true }),
      resolutionsOf(TaskRun),
      // Tasks of the Space are PipelineRuns; others may have a concurrency key.
      mapped(PipelineRun, (run, gone) => controller.wokenBy(run, gone), { unfinishedOnly: true }),
      mapped(Space, ({ metadata }) => controller.space.waitingIn(metadata.name)),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
}

class TaskRunController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #line: ConcurrencyLine;
  readonly #made = new MadeChildren();
  readonly #podDefaults: PodDefaults;
  readonly space: SpaceLine;

  constructor({ client, clock, mutex = new KeyedMutex(), podDefaults = {} }: Options) {
    this.#client = client;
    this.#clock = clock;
    this.#podDefaults = podDefaults;
    this.#line = new ConcurrencyLine(client, mutex);
    this.space = new SpaceLine(client, mutex);
  }

  /** TaskRuns that may have been waiting for the end of this run. */
  wokenBy(run: TaskRun | PipelineRun, gone: boolean): readonly ObjectRef[] {
    return [...this.#line.wokenBy(run, gone), ...this.space.wokenBy(run, gone)];
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const run = await getIfExists(this.#client, TaskRun, request);
    if (run === undefined || run.metadata.deletionTimestamp !== undefined || isFinal(run)) {
      this.#made.forget(request);
      if (run !== undefined && isFinal(run) && !isKfsOwn(run)) await dropCredentials(this.#client, run);
      await letGo(this.#client, request, run === undefined ? undefined : attemptOf(run));
      return hasEnded;
    }
    if (!isManagedHere(run)) return;
    if (run.spec.status === 'TaskRunPending') return this.#pending(run);
    try {
      return await this.#advance(run);
    } catch (error) {
      if (!(error instanceof TaskRunFailure)) throw error;
      const told = error instanceof UnfitTaskRun ? await this.#withTaskSpec(run, error.task) : run;
      await this.#finish(told, succeeded('False', error.reason, error.message));
    }
  }

  /** The status of a run that cannot start shows its Task, too; a run that is tried again finds it anew. */
  async #withTaskSpec(read: TaskRun, task: KnownTask): Promise<TaskRun> {
    if (isKfsOwn(read) || (read.spec.retries ?? 0) > attemptOf(read)) return read;
    const run = await withMetaOfTask(this.#client, read, task);
    const { spec, provenance } = task;
    const found = { taskSpec: spec, ...(provenance === undefined ? {} : { provenance }) };
    return { ...run, status: { ...found, ...read.status } };
  }

  async #advance(run: TaskRun): Promise<Result | void> {
    const found = await getChild(this.#client, Pod, podRef(run), run);
    const isOurs = found !== undefined && isControlledBy(found, run);
    if (isOurs) this.#made.add(run, found.metadata.name);
    if (isOurs && isAbandoned(found)) return this.#podGone(run);
    if (run.spec.status === 'TaskRunCancelled' && (isOurs || found === undefined))
      return this.#cancel(run, found ?? (await getFromServer(this.#client, Pod, podRef(run))));
    if (found === undefined) return this.#createPod(run);
    if (!isOurs) return this.#podNameTaken(run, found);
    return this.#updateFromPod(run, found);
  }

  /** Nothing is made while `spec.status` is `TaskRunPending`. */
  #pending(run: TaskRun): Promise<void> {
    return this.#writeWaiting(run, succeeded('Unknown', 'TaskRunPending', `TaskRun "${run.metadata.name}" is pending`));
  }

  #reportWaiting(run: TaskRun, obstacle: string): Promise<void> {
    return this.#writeWaiting(run, succeeded('Unknown', 'Pending', obstacle));
  }

  async #writeWaiting(run: TaskRun, condition: ConditionDraft): Promise<void> {
    // The time in which it waits does not count.
    const { startTime: _not, ...status } = run.status ?? {};
    await this.#write(run, {
      ...status,
      conditions: mergeConditions(run.status?.conditions, [condition], this.#now()),
    });
  }

  /** Another owner's Pod has the name of ours. */
  async #podNameTaken(run: TaskRun, pod: Pod): Promise<Result | void> {
    if (run.spec.status === 'TaskRunCancelled') return this.#finish(run, cancelled(run));
    // Its processes may take a while to end.
    if (isLeftoverOf(pod, run)) return soon;
    const message = `there is a Pod "${pod.metadata.name}" that belongs to something else`;
    return this.#finish(run, succeeded('False', 'PodCreationFailed', message));
  }

  async #createPod(run: TaskRun): Promise<Result | void> {
    if (run.status?.podName !== undefined || this.#made.has(run, podName(run, attemptOf(run)))) {
      // It was there once: its command may have run, so it is never made again.
      const pod = await getFromServer(this.#client, Pod, podRef(run));
      return pod !== undefined && isControlledBy(pod, run) ? this.#updateFromPod(run, pod) : this.#podGone(run);
    }
    const prepared = await this.#prepare(run);
    if (prepared.state === 'waiting') return this.#waitFor(run, prepared);
    // A further attempt keeps its room.
    if (run.status?.retriesStatus !== undefined) return this.#makePod(run, prepared);
    const { full, made } = await this.space.enter(run, prepared.spec, () => this.#makePod(run, prepared));
    if (full?.never) throw new TaskRunFailure('NeverFits', full.message);
    return full === undefined ? made : this.#reportWaiting(run, full.message);
  }

  async #waitFor(read: TaskRun, waiting: Waiting): Promise<Result | void> {
    const run = await this.#admitted(read);
    if (run === undefined) return;
    await this.#begin(run, succeeded('Unknown', waiting.reason, waiting.message), {});
    return this.#requeueForStartTimeout(run, waiting);
  }

  async #makePod(read: TaskRun, prepared: Prepared): Promise<Result | void> {
    const begun = await this.#admitted(read);
    if (begun === undefined) return;
    const options = { client: this.#client, clock: this.#clock, podDefaults: this.#podDefaults };
    const { run, pod } = await makePod(options, begun, prepared).catch((error: unknown) => {
      throw error instanceof TaskRunFailure ? new UnfitTaskRun(error, prepared) : error;
    });
    if (!isControlledBy(pod, run)) return this.#podNameTaken(run, pod);
    this.#made.add(run, pod.metadata.name);
    await endOfTurn();
    await this.#begin(run, started(), {
      // From here on a Pod that is not there is one that was deleted.
      podName: podName(run, attemptOf(run)),
      ...preparedStatus(run, prepared),
    });
    return this.#requeueForStartTimeout(run);
  }

  /** The run, begun, where its concurrency limit admits it; else undefined, and its status says what it waits for. */
  async #admitted(run: TaskRun): Promise<TaskRun | undefined> {
    let begun = run;
    const obstacle = await this.#line.obstacle(run, async () => {
      begun = await this.#begin(run, started(), {});
    });
    if (obstacle === undefined) return begun;
    await this.#reportWaiting(run, obstacle);
    return undefined;
  }

  /** A further attempt runs what the first one ran. */
  async #prepare(run: TaskRun): ReturnType<typeof prepare> {
    const spec = knownSpec(run);
    if (spec === undefined || isKfsOwn(run)) return prepare(this.#client, run, this.#podDefaults.workspaceBinding);
    const known: Prepared = {
      state: 'ready',
      task: knownTask(run, spec),
      spec,
      labels: {},
      annotations: {},
      steps: run.status?.steps ?? [],
    };
    return known;
  }

  async #begin(run: TaskRun, condition: ConditionDraft, more: Partial<TaskRunStatus>): Promise<TaskRun> {
    const now = this.#now();
    return this.#write(run, {
      ...run.status,
      ...more,
      startTime: run.status?.startTime ?? now,
      conditions: mergeConditions(run.status?.conditions, [condition], now),
    });
  }

  /** The Pod was deleted without having reported an end. */
  #podGone(run: TaskRun): Promise<void> {
    if (run.spec.status === 'TaskRunCancelled') return this.#finish(run, cancelled(run));
    // Its start timed out and we deleted the Pod, but the status was not written.
    if (timeToStart(run, this.#clock.now()) === 0 && !hasBegun(run)) return this.#finish(run, timedOut(run));
    return this.#finish(run, succeeded('False', 'PodDeleted', `the Pod "${podRef(run).name}" was deleted`));
  }

  /** Ends the Pod first; the run is final once the Pod's processes have ended, so that "cancelled" means "stopped". */
  async #cancel(run: TaskRun, found: Pod | undefined): Promise<void> {
    const isOurs = found !== undefined && isControlledBy(found, run);
    if (!isOurs || !(await endPod(this.#client, run, found))) return this.#podGone(run);
    await this.#updateFromPod(run, found);
  }

  async #updateFromPod(read: TaskRun, pod: Pod): Promise<Result | void> {
    if (read.status?.podName !== undefined && isUntold(pod))
      return this.#enforceStartTimeout(read, knownSpec(read), pod);
    const run = knownSpec(read) === undefined ? await this.#prepareAgain(read, pod) : read;
    const spec = run === undefined ? undefined : knownSpec(run);
    if (run === undefined || spec === undefined) return soon;
    const status = statusFromPod(run, spec, pod, this.#now(), isGivenUp(run, pod) ? timedOut(run) : undefined);
    const excused = timeToPull(pod, this.#podDefaults.imagePullBackOffTimeout, this.#clock.now());
    const stuck = isKfsOwn(run) || podEnded(pod) ? undefined : stuckStart(run, pod, excused > 0);
    if (stuck !== undefined) return this.#giveUp({ ...run, status }, pod, stuck);
    const late = await this.#enforceStartTimeout(await this.#write(run, status), spec, pod);
    return excused > 0 ? { requeueAfter: Math.min(excused, late?.requeueAfter ?? excused) } : late;
  }

  /** The Pod was made, but the status that says of what was not written: finds that out again. */
  async #prepareAgain(run: TaskRun, pod: Pod): Promise<TaskRun | undefined> {
    try {
      const prepared = await prepare(this.#client, run, this.#podDefaults.workspaceBinding);
      return prepared.state === 'ready'
        ? { ...run, status: { ...run.status, ...preparedStatus(run, prepared) } }
        : undefined;
    } catch (error) {
      if (error instanceof TaskRunFailure && !(await endUnknown(this.#client, pod))) return undefined;
      throw error;
    }
  }

  /** Until a step has started the time limit is enforced here; after that by the node. */
  async #enforceStartTimeout(run: TaskRun, spec: TaskSpec | undefined, pod: Pod): Promise<Result | void> {
    if (pod.metadata.deletionTimestamp !== undefined) return;
    if (['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) return;
    if (spec !== undefined && hasStartedStep(spec, pod)) return;
    const left = timeToStart(run, this.#clock.now());
    if (left === undefined) return;
    if (left > 0) return { requeueAfter: left };
    if (isKfsOwn(run) || !pod.spec.nodeName) return this.#giveUp(run, pod, timedOut(run));
    // Sidecars may have run, and have a log: the run ends when they have.
    await stopPod(this.#client, run, pod, pod.metadata.resourceVersion);
  }

  /** Ends a run of whose Pod nothing has started. */
  async #giveUp(run: TaskRun, pod: Pod, condition: ConditionDraft): Promise<void> {
    if (pod.metadata.deletionTimestamp !== undefined) return;
    await removeUnstarted(this.#client, pod);
    await this.#finish(run, condition);
  }

  /** Reconciles again when its time to start is over, or sooner. */
  async #requeueForStartTimeout(run: TaskRun, result?: Result): Promise<Result | void> {
    const left = timeToStart(run, this.#clock.now());
    if (left === undefined) return result;
    if (left === 0) return this.#finish(run, timedOut(run));
    return { requeueAfter: Math.min(left, result?.requeueAfter ?? left) };
  }

  async #finish(run: TaskRun, condition: ConditionDraft): Promise<void> {
    await this.#write(run, finalStatus(run, condition, this.#now()));
  }

  #write(run: TaskRun, status: TaskRunStatus): Promise<TaskRun> {
    return writeStatus(this.#client, TaskRun, run, retriedWhereAsked(run, status, this.#now()));
  }

  #now(): string {
    return rfc3339(this.#clock.now());
  }
}

const hasBegun = ({ status }: TaskRun): boolean =>
  status?.steps?.some(({ running, terminated }) => running !== undefined || terminated !== undefined) ?? false;

const podRef = (run: TaskRun): ObjectRef => ({ ...refOf(run), name: podName(run, attemptOf(run)) });

/** What of the prepared Task the status shows from the start. */
const preparedStatus = (run: TaskRun, { spec, steps, provenance }: Prepared): Partial<TaskRunStatus> => ({
  ...(isKfsOwn(run) ? {} : { taskSpec: spec, steps: awaitedSteps(spec, steps) }),
  ...(provenance === undefined ? {} : { provenance }),
});
