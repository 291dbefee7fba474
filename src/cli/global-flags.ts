/** Flags that every command takes. */

import type { ChoiceFlags } from './settings/server-choice.ts';

export interface GlobalFlags extends ChoiceFlags {
  readonly space?: string;
  readonly config?: string;
}
