/** The status of a Notification after an attempt to post it. Pure. */

import { errorCode } from '../../resources/errors.ts';
import type { Answer } from './post.ts';

/** Milliseconds for which posting is tried. */
export const longestTrial = 24 * 3_600_000;

const firstDelay = 5_000;
/** Also the longest that a receiver may ask us to wait. */
export const longestDelay = 2 * 3_600_000;

/** 5 s, 15 s, 45 s, … 2 h. @param attempts made so far, from 1 */
export const delayAfter = (attempts: number): number => Math.min(longestDelay, firstDelay * 3 ** (attempts - 1));

export type Outcome =
  | { readonly reason: 'Delivered' | 'Gone' | 'GaveUp'; readonly message: string }
  /** @property wait milliseconds until the next attempt */
  | { readonly reason: 'Pending'; readonly message: string; readonly wait: number };

export interface Attempt {
  /** An answer, or why there was none. */
  readonly result: Answer | Error;
  /** With this one. */
  readonly attempts: number;
  /** Milliseconds since the Notification was made. */
  readonly age: number;
}

/** Every answer but 2xx and 410 may be mended while it is tried again: a redirect, a wrong token, a server that is down. */
export function outcomeOf({ result, attempts, age }: Attempt): Outcome {
  const message = messageOf(result);
  if (!(result instanceof Error)) {
    if (result.status >= 200 && result.status < 300) return { reason: 'Delivered', message };
    if (result.status === 410) return { reason: 'Gone', message };
  }
  const asked = result instanceof Error ? 0 : Math.min(result.retryAfter ?? 0, longestDelay);
  const wait = Math.max(delayAfter(attempts), asked);
  if (age + wait > longestTrial) return { reason: 'GaveUp', message: `not delivered within 24 hours: ${message}` };
  return { reason: 'Pending', message, wait };
}

function messageOf(result: Answer | Error): string {
  if (result instanceof Error) return result.message || errorCode(result) || result.name;
  const redirect = result.status >= 300 && result.status < 400 ? ' (redirects are not followed)' : '';
  return `HTTP ${result.status}${redirect}${result.text === '' ? '' : `: ${result.text}`}`;
}
