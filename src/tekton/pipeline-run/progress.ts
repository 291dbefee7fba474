/**
 * Where a PipelineRun stands: which tasks are skipped and why, which may start, what can never start. All follows from
 * the Pipeline, its tasks' runs and the time. Pure.
 */

import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import { whenAllows } from '../../resources/tekton/when.ts';
import { type Graph, neededFields } from './graph.ts';
import { hasEmptyList } from './matrix.ts';
import { executionStatus, type Resolution, resolveIn, type States } from './results.ts';
import { substituteTask } from './substitution.ts';
import {
  hasFailedRun,
  isFailed,
  isIgnored,
  isOver,
  isRunning,
  isStarted,
  isSuccessful,
  type TaskState,
} from './task-state.ts';

/** Tekton's words. */
export type SkipReason =
  | 'When Expressions evaluated to false'
  | 'Parent Tasks were skipped'
  | 'PipelineRun was stopping'
  | 'PipelineRun was gracefully cancelled'
  | 'PipelineRun was gracefully stopped'
  | 'Results were missing'
  | 'PipelineRun timeout has been reached'
  | 'PipelineRun Tasks timeout has been reached'
  | 'PipelineRun Finally timeout has been reached'
  | 'Matrix Parameters have an empty array';

const whenFalse = 'When Expressions evaluated to false';
const emptyMatrix = 'Matrix Parameters have an empty array';

/** Why a task is skipped that had its turn all the same. */
export const skippedInTurn: readonly (string | undefined)[] = [whenFalse, emptyMatrix];

export interface Situation {
  readonly states: States;
  readonly graph: Graph;
  /** Texts hold no variables. Default: they may. */
  readonly isLiteral?: boolean;
  /** spec.status of the run. */
  readonly wish: string;
  readonly isTimedOut: { readonly pipeline: boolean; readonly tasks: boolean; readonly finally: boolean };
}

const nothing: Resolution = { variables: new Map(), missing: [] };
const nobody: ReadonlyMap<string, string> = new Map();

export class Progress {
  readonly #situation: Situation;
  /** Why tasks that have their turn can never start: they need results that are not there. By name. */
  readonly invalid: ReadonlyMap<string, string>;
  readonly #skips = new Map<string, SkipReason | undefined>();
  readonly #filled = new Map<string, { readonly task: PipelineTask; readonly resolution: Resolution }>();
  readonly #states: readonly TaskState[];
  #isStopping: boolean | undefined;
  #isTasksOver: boolean | undefined;

  static of(situation: Situation): Progress {
    const progress = new Progress(situation, nobody);
    const invalid = new Map(progress.startable.flatMap(({ state }) => progress.#faultsOf(state)));
    return invalid.size === 0 ? progress : new Progress(situation, invalid);
  }

  private constructor(situation: Situation, invalid: ReadonlyMap<string, string>) {
    this.#situation = situation;
    this.invalid = invalid;
    this.#states = [...situation.states.values()];
  }

  get states(): readonly TaskState[] {
    return this.#states;
  }

  /** Why a task is not run; undefined where it has run, runs, or may still run. */
  skipOf(state: TaskState): SkipReason | undefined {
    const { name } = state.task;
    if (!this.#skips.has(name)) {
      this.#skips.set(name, undefined);
      this.#skips.set(name, state.isFinally ? this.#finallySkip(state) : this.#skip(state));
    }
    return this.#skips.get(name);
  }

  /** A task has failed, and it is not one whose failure is ignored: nothing new starts. */
  get isStopping(): boolean {
    this.#isStopping ??= this.#dag().some(
      (state) => !isIgnored(state) && (isFailed(state) || this.invalid.has(state.task.name)),
    );
    return this.#isStopping;
  }

  /** All tasks but the final ones are over or will never start. */
  get areTasksOver(): boolean {
    this.#isTasksOver ??= this.#dag().every((state) => this.isDone(state));
    return this.#isTasksOver;
  }

  get areFinallyOver(): boolean {
    return this.areTasksOver && this.#states.every((state) => !state.isFinally || this.isDone(state));
  }

  get hasFinally(): boolean {
    return this.#states.some((state) => state.isFinally);
  }

  isDone(state: TaskState): boolean {
    return isOver(state) || this.invalid.has(state.task.name) || this.skipOf(state) !== undefined;
  }

  /** Those that may start now, with all that other tasks have left filled in. */
  get startable(): readonly { readonly state: TaskState; readonly task: PipelineTask }[] {
    const { wish } = this.#situation;
    if (wish === 'Cancelled') return [];
    return this.#states
      .filter((state) => !isStarted(state) && this.#isReady(state) && !this.isDone(state))
      .map((state) => ({ state, task: this.filled(state).task }));
  }

  /** A reference to an element that a list of results does not have, of a task that may start now or never. */
  get beyondList(): string | undefined {
    for (const state of this.#states) {
      if (isStarted(state) || !this.#isReady(state)) continue;
      const { missing } = this.filled(state).resolution;
      if (missing.every(({ kind }) => kind === 'index')) {
        const [first] = missing;
        if (first !== undefined) return first.message;
      }
    }
    return undefined;
  }

  #faultsOf(state: TaskState): readonly (readonly [string, string])[] {
    if (state.isFinally) return [];
    const broken = this.filled(state).resolution.missing[0];
    if (broken === undefined) return [];
    const { name } = state.task;
    const { task, result } = broken.reference;
    const isOwed = broken.kind === 'result' && isSuccessful(this.#situation.states.get(task)!);
    if (!isOwed) return [[name, broken.message]];
    const owed = `task ${JSON.stringify(task)} completed successfully but did not emit the result ${JSON.stringify(result)}`;
    return [[name, `${owed}, which is referenced by task ${JSON.stringify(name)}`]];
  }

  /** The task with results and, of a final one, with how the others ended. */
  filled(state: TaskState): { readonly task: PipelineTask; readonly resolution: Resolution } {
    const { name } = state.task;
    let filled = this.#filled.get(name);
    if (filled === undefined) {
      const { isLiteral, states } = this.#situation;
      const resolution = isLiteral ? nothing : resolveIn(neededFields(state.task), states);
      const shown = isLiteral ? nothing : resolveIn(state.task.displayName, states);
      const known =
        shown.variables.size === 0 ? resolution.variables : new Map([...shown.variables, ...resolution.variables]);
      const variables = state.isFinally
        ? new Map([...executionStatus(this.#dag(), this.aggregateStatus), ...known])
        : known;
      filled = { task: substituteTask(state.task, variables), resolution };
      this.#filled.set(name, filled);
    }
    return filled;
  }

  /** `$(tasks.status)`. */
  get aggregateStatus(): 'Succeeded' | 'Failed' | 'Completed' | 'None' {
    if (!this.areTasksOver) return 'None';
    if (this.#dag().some(hasFailedRun)) return 'Failed';
    return this.#dag().some((state) => this.skipOf(state) !== undefined) ? 'Completed' : 'Succeeded';
  }

  #dag(): readonly TaskState[] {
    return this.#states.filter((state) => !state.isFinally);
  }

  #parents(state: TaskState): readonly TaskState[] {
    return (this.#situation.graph.get(state.task.name) ?? []).map((name) => this.#situation.states.get(name)!);
  }

  #areParentsOver(state: TaskState): boolean {
    return this.#parents(state).every((parent) => this.isDone(parent));
  }

  #isReady(state: TaskState): boolean {
    if (state.isFinally) return this.areTasksOver;
    return this.#areParentsOver(state);
  }

  #skip(state: TaskState): SkipReason | undefined {
    const { wish, isTimedOut } = this.#situation;
    if (isStarted(state) || this.invalid.has(state.task.name)) return undefined;
    if (this.isStopping) return 'PipelineRun was stopping';
    if (wish === 'CancelledRunFinally') return 'PipelineRun was gracefully cancelled';
    if (wish === 'StoppedRunFinally') return 'PipelineRun was gracefully stopped';
    const isReady = this.#areParentsOver(state);
    if (isReady && !whenAllows(this.filled(state).task.when)) return whenFalse;
    if (this.#parents(state).some((parent) => ![undefined, whenFalse].includes(this.skipOf(parent))))
      return 'Parent Tasks were skipped';
    if (!isReady) return undefined;
    if (this.#isMissingResults(state)) return 'Results were missing';
    if (isTimedOut.pipeline) return 'PipelineRun timeout has been reached';
    if (isTimedOut.tasks) return 'PipelineRun Tasks timeout has been reached';
    return this.#emptyMatrix(state);
  }

  #finallySkip(state: TaskState): SkipReason | undefined {
    const { isTimedOut } = this.#situation;
    if (isStarted(state) || !this.areTasksOver) return undefined;
    const { task, resolution } = this.filled(state);
    if (resolution.missing.length > 0) return 'Results were missing';
    if (!whenAllows(task.when)) return whenFalse;
    if (isTimedOut.pipeline) return 'PipelineRun timeout has been reached';
    if (isTimedOut.finally) return 'PipelineRun Finally timeout has been reached';
    return this.#emptyMatrix(state);
  }

  /** The first one's task was skipped; or any is missing, where the task's own failure would be ignored. */
  #isMissingResults(state: TaskState): boolean {
    const [first] = this.filled(state).resolution.missing;
    if (first === undefined) return false;
    const producer = this.#situation.states.get(first.reference.task);
    return isIgnored(state) || (producer !== undefined && this.skipOf(producer) !== undefined);
  }

  #emptyMatrix(state: TaskState): SkipReason | undefined {
    const { matrix } = this.filled(state).task;
    return matrix !== undefined && hasEmptyList(matrix) ? emptyMatrix : undefined;
  }

  /** Tasks that run now, final ones or the others. */
  running(isFinally: boolean): readonly TaskState[] {
    return this.#states.filter((state) => state.isFinally === isFinally && isRunning(state));
  }
}
