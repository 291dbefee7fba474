/** The PipelineRuns of Tasks: made once per attempt, where there is room; found, cancelled. */

import type { Client, Draft } from '../../client/client.ts';
import { type Result, soon } from '../../client/controller.ts';
import { getChild, getFromServer } from '../../client/get-if-exists.ts';
import type { KeyedMutex } from '../../client/keyed-mutex.ts';
import type { MachineRoom } from '../../client/machine-room.ts';
import { MadeChildren } from '../../client/made-children.ts';
import { type ConditionDraft, isFinal } from '../../resources/condition.ts';
import type { Space } from '../../resources/kf/space.ts';
import { waitingForSpace } from '../../resources/kf/space-limits.ts';
import type { Task } from '../../resources/kf/task.ts';
import { annotations } from '../../resources/labels.ts';
import { isControlledBy, isLeftoverOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isInvalid } from '../../resources/status.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { pipelineRunName, taskRunName } from './pipeline-run.ts';
import { RoomOnMachine } from './room-on-machine.ts';
import { SpaceRoom } from './space-room.ts';
import { refused, waiting } from './task-conditions.ts';

/** Why an attempt was not begun, and when to look again if no event tells. */
export interface Blocked {
  readonly condition: ConditionDraft;
  readonly again?: Result;
}

export const runRef = (task: Task, attempt: number): ObjectRef => ({
  ...refOf(task),
  name: pipelineRunName(task, attempt),
});

/** The PipelineRun was deleted by somebody else. */
export const deletedRun = (name: string): ConditionDraft =>
  refused('PipelineRunDeleted', `the PipelineRun "${name}" was deleted`);

export class AttemptRuns {
  readonly #client: Client;
  readonly room: SpaceRoom;
  readonly machine: RoomOnMachine;
  readonly made = new MadeChildren();

  constructor(client: Client, machine: MachineRoom | undefined, mutex: KeyedMutex) {
    this.#client = client;
    this.room = new SpaceRoom(client, mutex);
    this.machine = new RoomOnMachine(machine);
  }

  /** Makes the PipelineRun of an attempt, once: its name is the lock. What was granted it keeps until its Pod is there. */
  async create(task: Task, draft: Draft<PipelineRun>, space: Space | undefined): Promise<Blocked | undefined> {
    const ref = { ...refOf(task), name: draft.metadata.name! };
    if (this.made.has(task, ref.name) && (await getFromServer(this.#client, PipelineRun, ref)) === undefined)
      return { condition: deletedRun(ref.name) };
    try {
      const blocked = await this.#createWithRoom(task, draft, space);
      if (blocked !== undefined) return blocked;
    } catch (error) {
      if (isInvalid(error)) return { condition: refused('TemplateError', error.message) };
      if (!isAlreadyExists(error)) throw error;
      // Made before, and our read lagged; unless it is somebody else's.
      const run = await getFromServer(this.#client, PipelineRun, ref);
      if (run === undefined) throw error;
      if (!isControlledBy(run, task)) return this.blockedBy(task, run);
    }
    this.made.add(task, ref.name);
    this.room.leave(refOf(task));
    return undefined;
  }

  async #createWithRoom(task: Task, draft: Draft<PipelineRun>, space: Space | undefined): Promise<Blocked | undefined> {
    const limits = space?.spec?.taskConfig?.limits;
    const make = async (): Promise<ConditionDraft | undefined> => {
      const condition = await this.machine.enter(task, draft);
      if (condition === undefined) await this.#client.create(PipelineRun, draft);
      return condition;
    };
    const condition = await (limits === undefined ? make() : this.room.enter(task, draft, limits, make));
    if (condition?.reason === waitingForSpace) this.machine.leave(refOf(task));
    return condition === undefined ? undefined : { condition };
  }

  /** What bears the name of our PipelineRun is not ours. */
  blockedBy(task: Task, run: PipelineRun): Blocked {
    const { name } = run.metadata;
    if (!isLeftoverOf(run, task))
      return { condition: refused('NotOwned', `There is an existing PipelineRun "${name}" that we do not own.`) };
    return { condition: waiting('WaitingForCleanup', `an earlier Task "${name}" is not gone yet`), again: soon };
  }

  /** The run of an attempt, as the server itself says: for what is decided for good. */
  async certainly(task: Task, attempt: number): Promise<PipelineRun | undefined> {
    const run = await getFromServer(this.#client, PipelineRun, runRef(task, attempt));
    return run !== undefined && isControlledBy(run, task) ? run : undefined;
  }

  /** Once the run is final its TaskRun decides, so then the server itself says whether there is one. */
  async taskRunOf(task: Task, run: PipelineRun): Promise<TaskRun | undefined> {
    const ref = { ...refOf(task), name: taskRunName(run) };
    const known = await getChild(this.#client, TaskRun, ref, run);
    const taskRun = known === undefined && isFinal(run) ? await getFromServer(this.#client, TaskRun, ref) : known;
    return taskRun !== undefined && isControlledBy(taskRun, run) ? taskRun : undefined;
  }

  /** Passes termination and a changed grace period on. */
  async cancel(task: Task, run: PipelineRun): Promise<void> {
    const grace = task.spec.gracePeriodSeconds?.toString();
    const graceChanged = grace !== undefined && run.metadata.annotations?.[annotations.gracePeriod] !== grace;
    if (run.spec.status === 'Cancelled' && !graceChanged) return;
    await this.#client.patch(PipelineRun, refOf(run), {
      type: 'merge',
      body: {
        metadata: graceChanged ? { annotations: { [annotations.gracePeriod]: grace } } : {},
        spec: { status: 'Cancelled' },
      },
    });
  }
}
