/** Which Notifications of a Space are too many. Pure. */

import { isFinal } from '../../resources/condition.ts';
import type { Notification } from '../../resources/kf/notification.ts';

const mostDone = 200;
const mostWaiting = 500;

export interface Excess {
  /** Done, and older than the newest 200 that are. */
  readonly done: readonly Notification[];
  /** Not delivered yet, and older than the newest 500 that are not. */
  readonly waiting: readonly Notification[];
}

export function excess(all: readonly Notification[]): Excess {
  const newestFirst = [...all].sort((a, b) => keyOf(b).localeCompare(keyOf(a)));
  return {
    done: newestFirst.filter(isFinal).slice(mostDone),
    waiting: newestFirst.filter((one) => !isFinal(one)).slice(mostWaiting),
  };
}

const keyOf = ({ metadata, spec }: Notification): string => `${Date.parse(spec.time)} ${metadata.name}`;
