/**
 * Who may start next: first in, first out within a namespace, round robin between namespaces, as long as memory and
 * places last. Whoever's turn it is and does not fit holds the others back, so that a large Pod is never starved.
 * Pure: it starts nothing itself.
 */

export interface AdmissionLimits {
  /** Bytes of memory that all Pods together may claim. */
  readonly memoryBytes: number;
  /** Pods that may run at a time. */
  readonly maxPods: number;
}

export interface Candidate {
  readonly uid: string;
  readonly namespace: string;
  /** Bytes it may use at most. */
  readonly memoryBytes: number;
  /** Goes before those of its namespace whose text is greater. Default: behind all who came before. */
  readonly since?: string;
}

/** Bytes of memory that tasks get: the machine's, less a reserve of 10 %, at least 512 MiB. */
export const usableMemory = (physicalBytes: number): number =>
  Math.max(0, physicalBytes - Math.max(512 * 2 ** 20, Math.floor(physicalBytes / 10)));

export class Admission {
  /** By namespace; the namespace whose turn it is comes first. */
  readonly #queues = new Map<string, Candidate[]>();
  readonly #admitted = new Map<string, Candidate>();
  #memory = 0;

  constructor(readonly limits: AdmissionLimits) {}

  get free(): { readonly memoryBytes: number; readonly pods: number } {
    return {
      memoryBytes: this.limits.memoryBytes - this.#memory,
      pods: this.limits.maxPods - this.#admitted.size,
    };
  }

  /** Whether it could run on an empty machine. */
  fitsEver(candidate: Candidate): boolean {
    return candidate.memoryBytes <= this.limits.memoryBytes;
  }

  enqueue(candidate: Candidate): void {
    const queue = this.#queues.get(candidate.namespace);
    if (queue === undefined) this.#queues.set(candidate.namespace, [candidate]);
    else queue.splice(placeIn(queue, candidate), 0, candidate);
  }

  /** Counts a Pod that runs already. */
  occupy(candidate: Candidate): void {
    this.#admitted.set(candidate.uid, candidate);
    this.#memory += candidate.memoryBytes;
  }

  /** Takes out one that waits. */
  withdraw(uid: string): void {
    for (const [namespace, queue] of this.#queues) {
      const left = queue.filter((candidate) => candidate.uid !== uid);
      if (left.length === 0) this.#queues.delete(namespace);
      else if (left.length < queue.length) this.#queues.set(namespace, left);
    }
  }

  /** Gives back the room of one that was admitted; again does nothing. */
  release(uid: string): void {
    const candidate = this.#admitted.get(uid);
    if (candidate === undefined) return;
    this.#admitted.delete(uid);
    this.#memory -= candidate.memoryBytes;
  }

  /** Admits the next, or none while there is no room. */
  next(): Candidate | undefined {
    const [turn] = this.#queues;
    if (turn === undefined) return undefined;
    const [namespace, queue] = turn;
    const candidate = queue[0]!;
    if (!this.#fits(candidate)) return undefined;
    this.#queues.delete(namespace);
    // Behind all others: it is their turn now.
    if (queue.length > 1) this.#queues.set(namespace, queue.slice(1));
    this.occupy(candidate);
    return candidate;
  }

  #fits(candidate: Candidate): boolean {
    const { memoryBytes, pods } = this.free;
    return pods > 0 && candidate.memoryBytes <= memoryBytes;
  }

  /** Why a candidate waits, in one line. */
  explain(candidate: Candidate, format: (bytes: number) => string): string {
    const { memoryBytes, pods } = this.free;
    if (pods <= 0) return `${this.limits.maxPods} of ${this.limits.maxPods} places are taken`;
    if (candidate.memoryBytes > memoryBytes)
      return `needs ${format(candidate.memoryBytes)} of memory, ${format(memoryBytes)} of ${format(this.limits.memoryBytes)} are free`;
    return 'others are first';
  }
}

/** Behind everybody but those at the end who are later: after a restart they come in any order. */
function placeIn(queue: readonly Candidate[], { since = '' }: Candidate): number {
  let place = queue.length;
  while (since !== '' && place > 0 && (queue[place - 1]!.since ?? '') > since) place--;
  return place;
}
