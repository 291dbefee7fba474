/** Whether a Task finds room among those of its Space that run, where the Space has caps. Pure. */

import type { ResourceRequirements } from '../core/pod.ts';
import { formatBytes, quantityValue } from '../quantity.ts';
import type { Space } from './space.ts';

export type SpaceLimits = NonNullable<NonNullable<NonNullable<Space['spec']>['taskConfig']>['limits']>;

/** The reason of a Task for which its Space has no room; the first word of the message of a TaskRun. */
export const waitingForSpace = 'WaitingForSpace';

/** What one running Task takes of them. */
export interface Need {
  /** Bytes that it may use at most. */
  readonly memory: number;
  /** Cores that it asks for. */
  readonly cpu: number;
}

export function needOf({ limits = {}, requests = {} }: ResourceRequirements = {}): Need {
  const amount = (text: string | number | undefined): number => (text === undefined ? 0 : quantityValue(text));
  return { memory: amount(limits.memory ?? requests.memory), cpu: amount(requests.cpu ?? limits.cpu) };
}

export type Room =
  | { readonly verdict: 'fits' }
  /** `never`: not even alone. */
  | { readonly verdict: 'later' | 'never'; readonly message: string };

export function roomFor(need: Need, running: readonly Need[], limits: SpaceLimits, space: string): Room {
  const wanted = [['memory', formatBytes, 'of memory'] as const, ['cpu', cores, 'cores'] as const].flatMap(
    ([name, format, word]) => {
      const limit = limits[name];
      if (limit === undefined) return [];
      const cap = quantityValue(limit);
      // The message is written once and read later, so it does not say what is free at this moment.
      const message = `needs ${format(need[name])} ${word}, the Tasks of Space "${space}" may have ${format(cap)} together`;
      const taken = running.reduce((sum, one) => sum + one[name], 0);
      return [{ need: need[name], taken, cap, message }];
    },
  );
  const never = wanted.find(({ need, cap }) => need > cap);
  if (never !== undefined)
    return { verdict: 'never', message: `${never.message} (kf configure-space set-task-limits)` };
  // Sums of fractions: 0.1 + 0.2 is a little more than 0.3.
  const later = wanted.find(({ need, taken, cap }) => taken + need > cap + 1e-6);
  if (later !== undefined) return { verdict: 'later', message: later.message };
  const { tasks } = limits;
  if (tasks === undefined || running.length < tasks) return { verdict: 'fits' };
  return { verdict: 'later', message: `Space "${space}" runs ${tasks === 1 ? '1 Task' : `${tasks} Tasks`} at a time` };
}

const cores = (value: number): string => String(Math.round(value * 1000) / 1000);
