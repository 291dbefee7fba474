/** Descriptors that we were started with and would hand on to every child. */

import { readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;

/**
 * The stdio list of a child that shall hold none of our starter's descriptors: `first` as 0, 1, 2, and `nothing` (open
 * on /dev/null) wherever one would be inherited. Node marks most of them close-on-exec at its start, but none that
 * comes after a gap above 15. Linux only; elsewhere just `first`.
 */
export function stdioWithoutInherited<T>(first: readonly [T, T, T], nothing: T): (T | 'ignore')[] {
  const stdio: (T | 'ignore')[] = [...first];
  for (const fd of inheritedDescriptors()) {
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = nothing;
  }
  return stdio;
}

/** In ascending order. */
function inheritedDescriptors(): readonly number[] {
  try {
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => fd > 2 && isInherited(fd))
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    // Closed meanwhile: the one by which the folder was read.
    return false;
  }
}
