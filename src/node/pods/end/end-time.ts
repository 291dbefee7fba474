/** When a container ended, so that its duration is right although somebody set the clock while it ran. Pure. */

/** Milliseconds that only ever grow, the same for every process until the next boot. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000_000n);

export interface Times {
  /** Wall time of its start; undefined when it is not known. */
  readonly startedAt: number | undefined;
  /** Monotonic time of its start; undefined when another version recorded it. */
  readonly startedMonotonic: number | undefined;
  /** Wall time of its end, as the exit file has it. */
  readonly endedAt: number;
  /** Wall time and monotonic time of this moment. */
  readonly now: number;
  readonly nowMonotonic: number;
}

/** Wall time of the end by the clock of the start: never before it. All in milliseconds. */
export function endTime({ startedAt, startedMonotonic, endedAt, now, nowMonotonic }: Times): number {
  if (startedAt === undefined || startedMonotonic === undefined) return Math.max(startedAt ?? 0, endedAt);
  const ago = Math.max(0, now - endedAt);
  return startedAt + Math.max(0, nowMonotonic - startedMonotonic - ago);
}
