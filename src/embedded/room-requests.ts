/**
 * Requests for room on the machine: passed on to the node; while that is not up they are kept, and woken once it is, or
 * once it is known why not.
 */

import type { MachineRoom, RoomAnswer, RoomRequest } from '../client/machine-room.ts';
import { notReady } from '../node/scheduling/unready.ts';
import { namespacedName, type ObjectRef } from '../resources/meta.ts';

export class RoomRequests implements MachineRoom {
  #node: MachineRoom | undefined;
  /** Why the node is not up; undefined while it comes up, too. */
  #problem: string | undefined;
  readonly #waiting = new Map<string, ObjectRef>();
  #wake: (ref: ObjectRef) => void = () => {};

  onChange(wake: (ref: ObjectRef) => void): void {
    this.#wake = wake;
  }

  async ask(request: RoomRequest): Promise<RoomAnswer> {
    if (this.#node !== undefined) return this.#node.ask(request);
    this.#waiting.set(namespacedName(request.ref), request.ref);
    if (this.#problem === undefined) return { verdict: 'later', message: '' };
    return { verdict: 'later', reason: notReady, message: this.#problem };
  }

  leave(ref: ObjectRef): void {
    this.#waiting.delete(namespacedName(ref));
    this.#node?.leave(ref);
  }

  /** The node is up. */
  open(node: MachineRoom): void {
    this.#node = node;
    node.onChange((ref) => this.#wake(ref));
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const ref of waiting) this.#wake(ref);
  }

  /** @param problem why it is not up, where that is known */
  close(problem?: string): void {
    this.#node = undefined;
    this.#problem = problem;
    if (problem !== undefined) for (const ref of this.#waiting.values()) this.#wake(ref);
  }
}
