/**
 * Room on the machine (memory, disk, a place), asked for before anything of a Task is made: so the Task uses the newest
 * image and bindings when it starts. Only where the node is part of this process; on a cluster the scheduler decides.
 */

import type { ObjectRef } from '../resources/meta.ts';

export interface RoomRequest {
  readonly ref: ObjectRef;
  /** Pods with this label `kf.dev/log-owner` take the room that was granted. */
  readonly uid: string;
  /** Within a namespace the smallest goes first, compared as text. */
  readonly since: string;
  /** Bytes that it may use at most. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export type RoomAnswer =
  /** The room is kept until the Pod takes it, or `leave` is called. */
  | { readonly verdict: 'granted' }
  /** `wake` is called when it is worth asking again. Without a reason there is nothing to report yet. */
  | { readonly verdict: 'later'; readonly reason?: string; readonly message: string }
  | { readonly verdict: 'never'; readonly message: string };

export interface MachineRoom {
  /** Idempotent: a request that waits keeps its place, one that was granted keeps the room. */
  ask(request: RoomRequest): Promise<RoomAnswer>;
  /** Withdraws a request, and what was granted. A Pod that has taken the room keeps it. */
  leave(ref: ObjectRef): void;
  /** `wake` is called for a request that waits and should be asked again. */
  onChange(wake: (ref: ObjectRef) => void): void;
}
