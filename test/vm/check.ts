/** One thing that is tested in the virtual machine, and what came out. */

import type { Guest } from './guest.ts';

export interface Check {
  readonly name: string;
  /** Those after it in its suite build on what it leaves: once it has failed they are not run. */
  readonly isGround?: boolean;
  /** @throws Error when it does not hold */
  run(guest: Guest): Promise<void>;
}

export interface Outcome {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

/** @throws Error that shows both */
export function expectEqual(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

export function expectMatch(what: string, found: string, wanted: RegExp): void {
  if (!wanted.test(found)) throw new Error(`${what}: ${JSON.stringify(found)} does not match ${wanted}`);
}

export async function runChecks(
  checks: readonly Check[],
  guest: Guest,
  report: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let missing: string | undefined;
  for (const { name, isGround = false, run } of checks) {
    const began = performance.now();
    const end = (result: Outcome['result'], reason?: string): void => {
      const outcome = { name, result, seconds: (performance.now() - began) / 1000, reason };
      outcomes.push(outcome);
      report(outcome);
    };
    if (missing !== undefined) {
      end('skipped', `for want of: ${missing}`);
      continue;
    }
    try {
      await run(guest);
      end('passed');
    } catch (error) {
      if (isGround) missing = name;
      end('failed', (error as Error).message);
    }
  }
  return outcomes;
}
