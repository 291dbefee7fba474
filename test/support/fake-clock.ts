import type { Clock, Timer } from '../../src/client/clock.ts';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { due: number; fire: () => void }[] = [];

  constructor(start = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, fire: () => void): Timer {
    const timer = { due: this.#now + milliseconds, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Milliseconds until the next timer, or undefined when there is none. */
  get nextIn(): number | undefined {
    const due = Math.min(...this.#timers.map((timer) => timer.due));
    return Number.isFinite(due) ? due - this.#now : undefined;
  }

  /** The wall clock is set, or the machine slept: timers have as long to go as before. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
    for (const timer of this.#timers) timer.due += milliseconds;
  }

  /** Moves on, firing what becomes due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.due);
      next.fire();
    }
    this.#now = end;
  }
}
