/** One thing that is tested in the virtual machine, and what came out. */

import type { Guest } from './guest.ts';

export interface Check {
  readonly name: string;
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

/** Once one has failed, those after it in its suite are not run: they build on what it left. */
export async function runChecks(
  checks: readonly Check[],
  guest: Guest,
  report: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, run } of checks) {
    const failed = outcomes.find(({ result }) => result === 'failed');
    const began = performance.now();
    const end = (result: Outcome['result'], reason?: string): void => {
      const outcome = { name, result, seconds: (performance.now() - began) / 1000, reason };
      outcomes.push(outcome);
      report(outcome);
    };
    if (failed !== undefined) end('skipped', `after the failure of: ${failed.name}`);
    else
      await run(guest).then(
        () => end('passed'),
        (error: unknown) => end('failed', (error as Error).message),
      );
  }
  return outcomes;
}
