/** What a row of the bench is. */

import type { Workspace } from './workspace.ts';

/** One printed line: what was measured and what was hoped for. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** `x`, `s`, `ms`, `MB`, or a word. */
  readonly unit: string;
  /** Absent: for information only. */
  readonly target?: { readonly most: number } | { readonly least: number };
  /** The measured parts that the figure is made of. */
  readonly details?: readonly string[];
  /** Where the time or memory goes, from what this very run measured. */
  readonly cause?: string;
}

export interface RowOptions {
  readonly workspace: Workspace;
  /** Fewer repetitions. */
  readonly quick: boolean;
  /** A line for whoever waits. */
  readonly progress: (text: string) => void;
}

export interface Row {
  /** For `--only`. */
  readonly name: string;
  readonly what: string;
  /** Left out unless named by `--only` when the bench is quick. */
  readonly long?: boolean;
  run(options: RowOptions): Promise<readonly Figure[]>;
}

export const met = ({ value, target }: Figure): boolean | undefined => {
  if (target === undefined) return undefined;
  return 'most' in target ? value <= target.most : value >= target.least;
};
