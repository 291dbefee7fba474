/** Processes of this machine, as /proc shows them. */

import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  /** Its command line, word by word. */
  readonly args: readonly string[];
}

/** All of them; who ends meanwhile is left out. */
export function processes(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [
          { pid: Number(name), args: readFileSync(`/proc/${name}/cmdline`, 'utf8').replace(/\0$/, '').split('\0') },
        ];
      } catch {
        return [];
      }
    });
}
