/**
 * Room on the machine, asked for before anything of a Task is made, so that it takes what is newest when it has its turn.
 * Known where the node is part of this process; on a cluster nobody is asked, and the scheduler decides on the Pod.
 */

import type { ObjectRef } from '../resources/meta.ts';

export interface RoomRequest {
  readonly ref: ObjectRef;
  /** Pods with this label `kf.dev/log-owner` take the room that was granted. */
  readonly uid: string;
  /** Of those of one namespace that wait the smallest goes first, as text. */
  readonly since: string;
  /** Bytes that it may use at most. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export type RoomAnswer =
  /** It is kept until a Pod takes it, or `leave`. */
  | { readonly verdict: 'granted' }
  /** `wake` is called when it is worth asking again. Without a reason there is nothing to tell anybody yet. */
  | { readonly verdict: 'later'; readonly reason?: string; readonly message: string }
  | { readonly verdict: 'never'; readonly message: string };

export interface MachineRoom {
  /** Idempotent: who waits keeps the place, who was granted the room keeps that. */
  ask(request: RoomRequest): Promise<RoomAnswer>;
  /** Neither waits any more nor needs what was granted. A Pod that has taken it keeps it. */
  leave(ref: ObjectRef): void;
  /** Has `wake` called for whoever waits and may ask again. */
  onChange(wake: (ref: ObjectRef) => void): void;
}
