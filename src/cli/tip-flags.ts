/** The flags that make a printed command mean the same server and Space. Pure. */

import type { GlobalFlags } from './global-flags.ts';
import { quote } from './output/tips.ts';

export const tipFlags = (flags: GlobalFlags, space: string): string => ` --space ${space}${serverFlags(flags)}`;

/** The flags alone that chose the server, with a space before each. */
export const serverFlags = (flags: GlobalFlags): string =>
  (['kubeconfig', 'context', 'config'] as const)
    .filter((name) => flags[name] !== undefined)
    .map((name) => ` --${name} ${quote(flags[name]!)}`)
    .join('');
