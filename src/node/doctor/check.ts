/** What a check of the machine is. Checks print nothing: `kf doctor` does. */

import { errorMessage } from '../../resources/errors.ts';

export interface CheckOutcome {
  readonly ok: boolean;
  /** One line: what was found, or what is wrong. */
  readonly detail: string;
  /** A shell command that mends it. */
  readonly fix?: string;
  /** What a person can do where no command mends it. */
  readonly advice?: string;
  /** Not ok, but the server works without it; the detail says what is lost. */
  readonly optional?: boolean;
  /** Whether `--fix` mends it although it is optional. */
  readonly offered?: boolean;
}

export interface Check {
  readonly name: string;
  /** Never rejects: what goes wrong is the outcome. */
  run(): Promise<CheckOutcome>;
}

export interface CheckResult extends CheckOutcome {
  readonly name: string;
}

/** A check whose errors are its outcome. */
export function check(name: string, run: () => Promise<CheckOutcome>): Check {
  return {
    name,
    run: () => run().catch((error: unknown) => ({ ok: false, detail: errorMessage(error) })),
  };
}
