/** The flags that make a printed command mean the same server and Space. Pure. */

import type { GlobalFlags } from './context.ts';
import { quote } from './output/tips.ts';

export function tipFlags(flags: GlobalFlags, space: string): string {
  const others = (['kubeconfig', 'context', 'config'] as const)
    .filter((name) => flags[name] !== undefined)
    .map((name) => ` --${name} ${quote(flags[name]!)}`);
  return ` --space ${space}${others.join('')}`;
}
