/** A PipelineRun's children in the API: reading, making, ending. */

import type { AnyKind, Client, Draft } from '../../client/client.ts';
import { getChild, getFromServer } from '../../client/get-if-exists.ts';
import { MadeChildren } from '../../client/made-children.ts';
import { isFinal } from '../../resources/condition.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import { annotations } from '../../resources/labels.ts';
import { isControlledBy, isLeftoverOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isInvalid, isNotFound, StatusError } from '../../resources/status.ts';
import { CustomRun } from '../../resources/tekton/custom-run.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { childRunName } from './names.ts';
import { type ChildKind, type ChildRun, childKindOf, PipelineRunFailure } from './types.ts';

const kinds: Readonly<Record<ChildKind, AnyKind>> = { TaskRun, CustomRun, PipelineRun };

/** A child of an earlier PipelineRun of this name, which is on its way out. */
export class LeftoverInTheWay extends Error {}

export interface Loaded {
  /** By name of the pipeline task, in the order of a matrix; all that there are to be. */
  readonly runs: ReadonlyMap<string, readonly ChildRun[]>;
  /** By task: children that the status does not list yet; of a matrix perhaps not all. */
  readonly unlisted: ReadonlyMap<string, readonly ChildRun[]>;
}

export class Children {
  readonly #client: Client;
  readonly #made = new MadeChildren();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * What exists of the run's children; one that was once there and is gone counts as failed for good.
   * @throws LeftoverInTheWay, PipelineRunFailure
   */
  async load(run: PipelineRun, tasks: readonly PipelineTask[]): Promise<Loaded> {
    const runs = new Map<string, readonly ChildRun[]>();
    const unlisted = new Map<string, readonly ChildRun[]>();
    for (const task of tasks) {
      const kind = childKindOf(task);
      const listed = (run.status?.childReferences ?? []).filter(
        (reference) => reference.pipelineTaskName === task.name && reference.kind === kind,
      );
      if (listed.length > 0) {
        const found = listed.map(({ name = '' }) => this.#listed(run, kind, { ...refOf(run), name }));
        runs.set(task.name, await Promise.all(found));
      } else if (task.matrix === undefined) {
        const found = await this.#findUnlisted(run, kind, {
          ...refOf(run),
          name: childRunName(run.metadata.name, task.name),
        });
        if (found !== undefined) runs.set(task.name, [found]);
      } else {
        const found = await this.#ofMatrix(run, task, kind);
        if (found.length > 0) unlisted.set(task.name, found);
      }
    }
    return { runs, unlisted };
  }

  async #listed(run: PipelineRun, kind: ChildKind, ref: ObjectRef): Promise<ChildRun> {
    const found = await getChild(this.#client, kinds[kind], ref, run);
    // This decision is final, so a stale read is not enough.
    const child = found ?? (await getFromServer(this.#client, kinds[kind], ref));
    return child !== undefined && isControlledBy(child, run) ? (child as ChildRun) : gone(kind, ref);
  }

  async #findUnlisted(run: PipelineRun, kind: ChildKind, ref: ObjectRef): Promise<ChildRun | undefined> {
    let child = await getChild(this.#client, kinds[kind], ref, run);
    if (child === undefined && run.spec.status) child = await getFromServer(this.#client, kinds[kind], ref);
    if (child === undefined) return undefined;
    // A child of an earlier run of this name is not ours, and a cancelled run makes none.
    if (run.spec.status === 'Cancelled' && isLeftoverOf(child, run)) return undefined;
    return this.#known(run, owned(run, child as ChildRun));
  }

  #known(run: PipelineRun, child: ChildRun): ChildRun {
    this.#made.add(run, child.metadata.name);
    return child;
  }

  async #ofMatrix(run: PipelineRun, task: PipelineTask, kind: ChildKind): Promise<readonly ChildRun[]> {
    const { namespace = '', uid = '' } = run.metadata;
    const { items } = await this.#client.list(kinds[kind], {
      namespace,
      labelSelector: `tekton.dev/pipelineTask=${task.name}`,
      ownedBy: uid,
    });
    const ours = (items as readonly ChildRun[]).filter((child) => isControlledBy(child, run));
    for (const child of ours) this.#known(run, child);
    return [...ours].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }));
  }

  /** Makes a child, or finds it made; one that was made before and is gone counts as failed for good. @throws LeftoverInTheWay, PipelineRunFailure for what the API refuses */
  async create(
    run: PipelineRun,
    kind: ChildKind,
    draft: Draft<TaskRun> | Draft<CustomRun> | Draft<PipelineRun>,
  ): Promise<ChildRun> {
    const ref = { ...refOf(run), name: draft.metadata.name! };
    if (this.#made.has(run, ref.name)) return this.#listed(run, kind, ref);
    try {
      return this.#known(run, (await this.#client.create(kinds[kind], draft)) as ChildRun);
    } catch (error) {
      if (isInvalid(error) || isBadRequest(error)) throw new PipelineRunFailure('CreateRunFailed', error.message);
      if (!isAlreadyExists(error)) throw error;
      const child = await getFromServer(this.#client, kinds[kind], ref);
      if (child === undefined) throw error;
      return this.#known(run, owned(run, child as ChildRun));
    }
  }

  /** The run has ended, or is gone. */
  forget(run: ObjectRef): void {
    this.#made.forget(run);
  }

  /** Ends all that the status tells of. */
  async endAll(run: PipelineRun, message: string): Promise<void> {
    for (const { kind, name = '' } of run.status?.childReferences ?? []) {
      const child = await getFromServer(this.#client, kinds[kind as ChildKind], { ...refOf(run), name });
      if (child !== undefined && isControlledBy(child, run)) await this.cancel(run, child as ChildRun, message);
    }
  }

  /** Passes the end, and a changed grace period, on. @param message why, for the child's status */
  async cancel(run: PipelineRun, child: ChildRun, message: string): Promise<ChildRun> {
    if (isFinal(child)) return child;
    const grace = run.metadata.annotations?.[annotations.gracePeriod];
    const graceChanged = grace !== undefined && child.metadata.annotations?.[annotations.gracePeriod] !== grace;
    const spec = endOf(run, child, message);
    if (child.spec.status === spec.status && !graceChanged) return child;
    try {
      return (await this.#client.patch(kinds[child.kind as ChildKind], refOf(child), {
        type: 'merge',
        body: { metadata: graceChanged ? { annotations: { [annotations.gracePeriod]: grace } } : {}, spec },
      })) as ChildRun;
    } catch (error) {
      // It has ended meanwhile, or is gone: the next look tells which.
      if (isNotFound(error) || isInvalid(error)) return child;
      throw error;
    }
  }
}

const isBadRequest = (error: unknown): error is StatusError =>
  error instanceof StatusError && error.status.code === 400;

/** How each kind is told to end. */
function endOf(run: PipelineRun, child: ChildRun, message: string): { status: string; statusMessage?: string } {
  if (child.kind === 'TaskRun') return { status: 'TaskRunCancelled', statusMessage: message };
  if (child.kind === 'CustomRun')
    return { status: 'RunCancelled', statusMessage: message.replace(/^TaskRun/, 'CustomRun') };
  return { status: run.spec.status === 'CancelledRunFinally' ? 'CancelledRunFinally' : 'Cancelled' };
}

/** The child, if it is the run's. @throws LeftoverInTheWay, PipelineRunFailure */
function owned(run: PipelineRun, child: ChildRun): ChildRun {
  if (isControlledBy(child, run)) return child;
  if (isLeftoverOf(child, run)) throw new LeftoverInTheWay();
  throw new PipelineRunFailure(
    'CreateRunFailed',
    `there is a ${child.kind} "${child.metadata.name}" that belongs to something else`,
  );
}

const gone = (kind: ChildKind, { namespace, name }: ObjectRef): ChildRun => ({
  apiVersion: apiVersionOf(kinds[kind]),
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec: {},
  status: {
    conditions: [
      { type: 'Succeeded', status: 'False', reason: `${kind}Deleted`, message: `the ${kind} "${name}" was deleted` },
    ],
  },
});
