/** One look at a PipelineRun: what its children are, which of them are ended and which are made now. */

import type { Client } from '../../client/client.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { isInvalid } from '../../resources/status.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { ReusedTask } from '../../resources/tekton/pipeline-run-status.ts';
import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { Waiting } from '../references/reference.ts';
import { makeClaims } from '../workspaces/claims.ts';
import { checkTasks } from './check-tasks.ts';
import type { Children, Loaded } from './children.ts';
import { shareClaims, type TakenOver, takeOver } from './earlier-run.ts';
import { graphOf } from './graph.ts';
import { makeRuns, type PipelineRunSettings } from './make-runs.ts';
import type { RunPipeline } from './pipeline.ts';
import { Progress } from './progress.ts';
import { runsOfReused } from './reused-tasks.ts';
import type { Standing } from './status.ts';
import { isTaskAttempt } from './task-attempt.ts';
import { cancelledByPipelineRun, cancelledByTimeout, isStarted, type TaskState } from './task-state.ts';
import { type Deadlines, deadlinesOf, type Limits, limitsOf, type TimedOut, timedOutAt } from './timeouts.ts';
import { type ChildRun, PipelineRunFailure } from './types.ts';
import { whatRuns } from './what-runs.ts';

export class Step {
  readonly #client: Client;
  readonly #children: Children;
  readonly #pipeline: RunPipeline;
  readonly #run: PipelineRun;
  readonly #states = new Map<string, TaskState>();
  readonly #limits: Limits;
  readonly #timedOut: TimedOut;
  #progress!: Progress;
  #takenOver: TakenOver | undefined;
  readonly deadlines: Deadlines;

  readonly #settings: PipelineRunSettings;

  /** @param now milliseconds since the epoch */
  constructor(client: Client, children: Children, pipeline: RunPipeline, now: number, settings: PipelineRunSettings) {
    this.#client = client;
    this.#children = children;
    this.#settings = settings;
    this.#pipeline = pipeline;
    this.#run = pipeline.run;
    this.#limits = limitsOf(pipeline.run);
    this.deadlines = deadlinesOf(pipeline.run, this.#limits);
    this.#timedOut = timedOutAt(now, this.deadlines);
  }

  get standing(): Standing {
    return {
      pipeline: this.#pipeline,
      progress: this.#progress,
      states: this.#states,
      timedOut: this.#timedOut,
      limits: this.#limits,
      takenOver: this.#takenOver,
    };
  }

  get isUnderway(): boolean {
    return [...this.#states.values()].some((state) => isStarted(state) && state.isReused !== true);
  }

  /** Reads what there is; a run that has nothing yet is checked, and gets its claims. */
  async prepare(): Promise<Waiting | undefined> {
    const { tasks = [], finally: final = [] } = this.#pipeline.spec;
    const all = [...tasks, ...final];
    this.#takenOver = await takeOver(this.#client, this.#children, this.#run, this.#pipeline.spec);
    const reused = new Map((this.#takenOver?.tasks ?? []).map((task) => [task.name, task]));
    const own = all.filter((task) => !reused.has(task.name));
    const loaded = await this.#children.load(this.#run, own);
    for (const task of tasks) this.#take(task, false, loaded, reused.get(task.name));
    for (const task of final) this.#take(task, true, loaded);
    this.#look();
    this.#adoptUnlisted(loaded);
    if (this.isUnderway || this.#run.spec.status === 'Cancelled') return undefined;
    const ran = await whatRuns(this.#client, this.#run, this.#pipeline.name, all);
    if (ran.state === 'waiting') return ran;
    checkTasks(this.#run, this.#pipeline, ran.specs);
    await this.#claim();
    return undefined;
  }

  async #claim(): Promise<void> {
    if (this.#takenOver !== undefined) return shareClaims(this.#client, this.#run, this.#takenOver.rerunOf.claimsOf);
    try {
      await makeClaims(this.#client, this.#run.spec.workspaces, this.#run);
    } catch (error) {
      if (!isInvalid(error)) throw error;
      const { namespace = '', name } = this.#run.metadata;
      throw new PipelineRunFailure(
        'CouldntCreateWorkspacePVC',
        `Failed to create PVC for PipelineRun ${namespace}/${name} correctly: ${error.message}`,
      );
    }
  }

  #take(task: PipelineTask, isFinally: boolean, { runs }: Loaded, reused?: ReusedTask): void {
    if (reused !== undefined) {
      this.#states.set(task.name, { task, isFinally, runs: runsOfReused(reused), isReused: true });
      return;
    }
    const own = (runs.get(task.name) ?? []).map((run) => this.#settled(run));
    this.#states.set(task.name, { task, isFinally, runs: own });
  }

  /** Where all is to end nobody waits for a custom task: its controller may not be there. */
  #settled(run: ChildRun): ChildRun {
    const isEnd = this.#run.spec.status === 'Cancelled' || this.#timedOut.pipeline;
    if (!isEnd || run.kind !== 'CustomRun' || run.spec.status !== 'RunCancelled' || isFinal(run)) return run;
    const happy = { ...conditionOf(run, 'Succeeded'), type: 'Succeeded', status: 'False' as const };
    return { ...run, status: { ...run.status, conditions: [{ ...happy, reason: 'CustomRunCancelled' }] } };
  }

  #look(): void {
    const isLiteral = isTaskAttempt(this.#run);
    this.#progress = Progress.of({
      states: this.#states,
      graph: isLiteral ? new Map() : graphOf(this.#pipeline.spec.tasks ?? []),
      isLiteral,
      wish: this.#run.spec.status ?? '',
      isTimedOut: this.#timedOut,
    });
  }

  /** Runs of a matrix that was interrupted: what can go on is made again, and found; else they are all there is. */
  #adoptUnlisted({ unlisted }: Loaded): void {
    if (unlisted.size === 0) return;
    const goesOn = new Set(this.#progress.startable.map(({ task }) => task.name));
    for (const [name, runs] of unlisted)
      if (!goesOn.has(name)) this.#states.set(name, { ...this.#states.get(name)!, runs });
    this.#look();
  }

  /** Ends what is not to go on. */
  async end(): Promise<void> {
    const { status } = this.#run.spec;
    if (status === 'Cancelled') return this.#cancel([true, false], cancelledByPipelineRun);
    if (this.#timedOut.pipeline) return this.#cancel([true, false], cancelledByTimeout);
    if (status === 'CancelledRunFinally') await this.#cancel([false], cancelledByPipelineRun);
    else if (this.#timedOut.tasks) await this.#cancel([false], cancelledByTimeout);
    if (this.#timedOut.finally) await this.#cancel([true], cancelledByTimeout);
  }

  async #cancel(which: readonly boolean[], message: string): Promise<void> {
    const running = which.flatMap((isFinally) => this.#progress.running(isFinally));
    for (const state of running) {
      const runs: ChildRun[] = [];
      for (const run of state.runs) runs.push(this.#settled(await this.#children.cancel(this.#run, run, message)));
      this.#states.set(state.task.name, { ...state, runs });
    }
    if (running.length > 0) this.#look();
  }

  /** Fails the run where a list of results has too few elements; as in Tekton, finally tasks do not run then. */
  #refuseBeyondList(): void {
    const { metadata, spec } = this.#run;
    const fault = spec.status === 'Cancelled' ? undefined : this.#progress.beyondList;
    if (fault === undefined) return;
    const of = `PipelineRun ${metadata.namespace ?? ''}/${metadata.name}`;
    throw new PipelineRunFailure(
      'PipelineValidationFailed',
      `[User error] ${of} can't be Run; couldn't resolve all references: ${fault}`,
    );
  }

  /** Makes the runs of all tasks that have their turn; or tells what the first of them waits for. */
  async start(): Promise<Waiting | undefined> {
    this.#refuseBeyondList();
    let waiting: Waiting | undefined;
    const ready = this.#progress.startable;
    for (const { state, task } of ready) {
      const made = await makeRuns({
        client: this.#client,
        children: this.#children,
        pipeline: this.#pipeline,
        states: this.#states,
        state,
        task,
        settings: this.#settings,
        claimsOf: this.#takenOver?.rerunOf.claimsOf ?? this.#run.metadata.uid ?? '',
      });
      if (made.state === 'waiting') waiting ??= made;
      else this.#states.set(task.name, { ...state, runs: made.runs });
    }
    if (ready.length > 0) this.#look();
    return waiting;
  }
}
