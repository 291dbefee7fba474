/** Which process a number stands for: it is given to another one sooner or later. */

import { readFileSync } from 'node:fs';

/** When a process began, by the kernel's clock; undefined when it has ended, reaped or not. */
export function processBeginning(pid: number): string | undefined {
  try {
    // Its name, in brackets, may hold anything. See proc(5): the time is the 22nd field, the third follows the name.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
