/** Whether a Task finds room among those of its Space that run, where the Space has caps. Pure. */

import type { ResourceRequirements } from '../../resources/core/pod.ts';
import type { Space } from '../../resources/kf/space.ts';
import { formatBytes, quantityValue } from '../../resources/quantity.ts';

export type SpaceLimits = NonNullable<NonNullable<NonNullable<Space['spec']>['taskConfig']>['limits']>;

/** What one running Task takes of them. */
export interface Need {
  /** Bytes that it may use at most. */
  readonly memory: number;
  /** Cores that it asks for. */
  readonly cpu: number;
}

export function needOf({ limits = {}, requests = {} }: ResourceRequirements = {}): Need {
  const amount = (text: string | number | undefined): number => (text === undefined ? 0 : quantityValue(text));
  return { memory: amount(limits.memory), cpu: amount(requests.cpu ?? limits.cpu) };
}

export type Room =
  | { readonly verdict: 'fits' }
  /** `never`: not even alone. */
  | { readonly verdict: 'later' | 'never'; readonly message: string };

export function roomFor(need: Need, running: readonly Need[], limits: SpaceLimits, space: string): Room {
  for (const [name, format, word] of [
    ['memory', formatBytes, 'of memory'],
    ['cpu', cores, 'cores'],
  ] as const) {
    const cap = limits[name] === undefined ? Number.POSITIVE_INFINITY : quantityValue(limits[name]);
    // Said once and read later: what is free at this moment is no use to anybody.
    const message = `needs ${format(need[name])} ${word}, the Tasks of Space "${space}" may have ${format(cap)} together`;
    if (need[name] > cap) return { verdict: 'never', message: `${message} (kf configure-space set-task-limits)` };
    const taken = running.reduce((sum, one) => sum + one[name], 0);
    // Sums of fractions: 0.1 + 0.2 is a little more than 0.3.
    if (taken + need[name] > cap + 1e-6) return { verdict: 'later', message };
  }
  const { tasks } = limits;
  if (tasks !== undefined && running.length >= tasks)
    return {
      verdict: 'later',
      message: `Space "${space}" runs ${tasks === 1 ? '1 Task' : `${tasks} Tasks`} at a time`,
    };
  return { verdict: 'fits' };
}

const cores = (value: number): string => String(Math.round(value * 1000) / 1000);
