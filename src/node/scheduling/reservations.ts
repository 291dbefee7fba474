/**
 * Room that is asked for before there is a Pod: whoever asks stands in the same queue as Pods do, and the first Pod that
 * is made for it takes the room that it was granted.
 */

import type { Timer } from '../../client/clock.ts';
import type { MachineRoom, RoomAnswer, RoomRequest } from '../../client/machine-room.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { labels } from '../../resources/labels.ts';
import { namespacedName, type ObjectRef } from '../../resources/meta.ts';
import { formatBytes } from '../../resources/quantity.ts';
import type { NodeContext } from '../context.ts';
import { DiskReserveError, DiskTooSmallError } from '../disk/disk.ts';
import type { Admission, Candidate } from './admission.ts';
import { cordoned } from './cordon.ts';

export interface ReservationOptions {
  readonly context: Pick<NodeContext, 'clock' | 'disk' | 'stopping'>;
  readonly admission: Admission;
  /** Admits the Pods and requests that there is room for. */
  readonly pump: () => void;
}

interface Asked {
  readonly request: RoomRequest;
  /** `turn`: there are memory and a place; `granted`: disk, too. */
  state: 'queued' | 'turn' | 'granted' | 'postponed';
  answer: RoomAnswer;
  timer?: Timer;
  /** Gives the reserved disk back. */
  drop?: () => void;
}

/** Milliseconds after which disk is asked for again. */
const retryDelay = 2000;
const nothingYet: RoomAnswer = { verdict: 'later', message: '' };

export class Reservations implements MachineRoom {
  readonly #options: ReservationOptions;
  /** By the UID of the object that asks. */
  readonly #asked = new Map<string, Asked>();
  readonly #uids = new Map<string, string>();
  #wake: (ref: ObjectRef) => void = () => {};
  /** UID of the request that is being answered: it gets the answer at once and need not be woken. */
  #asking: string | undefined;
  #closed: string | undefined;

  constructor(options: ReservationOptions) {
    this.#options = options;
    options.context.stopping.addEventListener('abort', () => this.#cancelTimers(), { once: true });
  }

  onChange(wake: (ref: ObjectRef) => void): void {
    this.#wake = wake;
  }

  async ask(request: RoomRequest): Promise<RoomAnswer> {
    const { admission } = this.#options;
    const candidate = candidateOf(request);
    if (!admission.fitsEver(candidate)) return { verdict: 'never', message: neverFits(admission, candidate) };
    const asked = this.#known(request) ?? this.#enqueue(request, candidate);
    return asked.state === 'turn' ? this.#withDisk(asked) : asked.answer;
  }

  leave(ref: ObjectRef): void {
    const uid = this.#uids.get(namespacedName(ref));
    if (uid !== undefined) this.withdraw(uid);
  }

  /** Like `leave`, by the UID of the object that asked. */
  withdraw(uid: string): void {
    const asked = this.#forget(uid);
    if (asked === undefined) return;
    asked.drop?.();
    this.#options.admission.withdraw(uid);
    this.#options.admission.release(uid);
    this.#options.pump();
  }

  /** Memory and a place are free for it; false where nothing of this UID asked for room. */
  turnOf(uid: string): boolean {
    const asked = this.#asked.get(uid);
    if (asked === undefined) return false;
    asked.state = 'turn';
    if (uid !== this.#asking) this.#wake(asked.request.ref);
    return true;
  }

  /** Gives the room of whom the Pod was made for to the Pod; false when there is none. Who calls starts it at once. */
  redeem(pod: Pod, candidate: Candidate): boolean {
    const uid = pod.metadata.labels?.[labels.logOwner] ?? '';
    if (this.#asked.get(uid)?.state !== 'granted') return false;
    this.#forget(uid)?.drop?.();
    this.#options.admission.release(uid);
    this.#options.admission.occupy(candidate);
    return true;
  }

  /** Grants nothing, for this reason, until it is called with undefined. */
  close(reason: string | undefined): void {
    this.#closed = reason;
    for (const asked of this.#asked.values())
      if (asked.state === 'queued') {
        asked.answer = this.#laterAnswer(candidateOf(asked.request));
        this.#wake(asked.request.ref);
      }
  }

  /** What is asked for under this name; another object's of the same name is gone. */
  #known({ ref, uid }: RoomRequest): Asked | undefined {
    const before = this.#uids.get(namespacedName(ref));
    if (before !== undefined && before !== uid) this.leave(ref);
    return this.#asked.get(uid);
  }

  #enqueue(request: RoomRequest, candidate: Candidate): Asked {
    const { admission, pump } = this.#options;
    const asked: Asked = { request, state: 'queued', answer: nothingYet };
    this.#asked.set(request.uid, asked);
    this.#uids.set(namespacedName(request.ref), request.uid);
    this.#asking = request.uid;
    admission.enqueue(candidate);
    pump();
    this.#asking = undefined;
    if (asked.state === 'queued') asked.answer = this.#laterAnswer(candidate);
    return asked;
  }

  async #withDisk(asked: Asked): Promise<RoomAnswer> {
    const { uid, ref, diskBytes } = asked.request;
    try {
      const drop = await this.#options.context.disk.reserve(diskBytes);
      // Left meanwhile, or asked twice.
      if (this.#asked.get(uid) !== asked || asked.state !== 'turn') {
        drop();
        return asked.state === 'granted' ? asked.answer : nothingYet;
      }
      asked.drop = drop;
      asked.state = 'granted';
      asked.answer = { verdict: 'granted' };
    } catch (error) {
      if (error instanceof DiskTooSmallError) {
        this.leave(ref);
        return { verdict: 'never', message: error.message };
      }
      if (!(error instanceof DiskReserveError)) throw error;
      this.#postpone(asked, error.message);
    }
    return asked.answer;
  }

  /** Waits without standing in the queue, and asks again later. */
  #postpone(asked: Asked, message: string): void {
    const { admission, context, pump } = this.#options;
    const { uid, ref } = asked.request;
    asked.state = 'postponed';
    asked.answer = { verdict: 'later', reason: 'DiskReserve', message };
    admission.release(uid);
    asked.timer?.cancel();
    asked.timer = context.clock.after(retryDelay, () => {
      if (this.#asked.get(uid) !== asked) return;
      this.#forget(uid);
      this.#wake(ref);
    });
    pump();
  }

  #laterAnswer(candidate: Candidate): RoomAnswer {
    if (this.#closed !== undefined) return { verdict: 'later', reason: cordoned, message: this.#closed };
    const message = this.#options.admission.explain(candidate, formatBytes);
    return { verdict: 'later', reason: 'WaitingForRoom', message };
  }

  #forget(uid: string): Asked | undefined {
    const asked = this.#asked.get(uid);
    if (asked === undefined) return undefined;
    asked.timer?.cancel();
    this.#asked.delete(uid);
    this.#uids.delete(namespacedName(asked.request.ref));
    return asked;
  }

  #cancelTimers(): void {
    for (const { timer } of this.#asked.values()) timer?.cancel();
  }
}

export const neverFits = ({ limits }: Admission, { memoryBytes }: Candidate): string =>
  `needs ${formatBytes(memoryBytes)} of memory, this machine has ${formatBytes(limits.memoryBytes)} for tasks`;

const candidateOf = ({ ref, uid, since, memoryBytes }: RoomRequest): Candidate => ({
  uid,
  namespace: ref.namespace ?? '',
  memoryBytes,
  since,
});
