/** Room for an attempt on the machine, where somebody can be asked for it before the attempt's PipelineRun is made. */

import type { Draft } from '../../client/client.ts';
import type { MachineRoom } from '../../client/machine-room.ts';
import type { ConditionDraft } from '../../resources/condition.ts';
import type { Task } from '../../resources/kf/task.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { quantityValue } from '../../resources/quantity.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { ageOf, resourcesOf } from './space-room.ts';
import { refused, waiting } from './task-conditions.ts';

export class RoomOnMachine {
  readonly #machine: MachineRoom | undefined;

  constructor(machine: MachineRoom | undefined) {
    this.#machine = machine;
  }

  /** Why it has no room, or not yet; undefined when it may start. A condition without a reason is not worth a word. */
  async enter(task: Task, run: Draft<PipelineRun>): Promise<ConditionDraft | undefined> {
    if (this.#machine === undefined) return undefined;
    const { limits = {} } = resourcesOf(run) ?? {};
    const bytes = (name: string): number => (limits[name] === undefined ? 0 : quantityValue(limits[name]));
    const answer = await this.#machine.ask({
      ref: refOf(task),
      uid: task.metadata.uid ?? '',
      since: ageOf(task),
      memoryBytes: bytes('memory'),
      diskBytes: bytes('ephemeral-storage'),
    });
    if (answer.verdict === 'granted') return undefined;
    if (answer.verdict === 'never') return refused('NeverFits', answer.message);
    return waiting(answer.reason ?? '', answer.message);
  }

  leave(ref: ObjectRef): void {
    this.#machine?.leave(ref);
  }
}
