/** Where a Space or a Job tells of what happens to its Tasks. */

import { parseDuration } from '../duration.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { isDns1123Subdomain } from '../names.ts';
import * as s from '../schema.ts';

/** What can be asked for. `expected` is not in the list: who says what is expected is told when it does not come. */
export const notifyEvents = ['failed', 'missed', 'skipped', 'recovered'] as const;
export type NotifyEvent = (typeof notifyEvents)[number];

export const notifySchema = s.object({
  url: s.describe('http or https; one signed JSON POST is sent for every event.', s.string({ minLength: 1 })),
  on: s.describe('Events that are sent. Default: all.', s.optional(s.array(s.enumeration(...notifyEvents)))),
  secretName: s.describe(
    'Secret of this namespace whose key `secret` signs the posts. Default: they are not signed.',
    s.optional(s.string()),
  ),
});
export type Notify = s.Infer<typeof notifySchema>;

const longestUrl = 2048;

/** What is wrong with a URL to send to, or undefined. */
export function notifyUrlComplaint(text: string): string | undefined {
  const example = 'it must be like https://example.org/hook';
  if (text.length > longestUrl) return `it is longer than ${longestUrl} characters`;
  if (!URL.canParse(text)) return example;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return example;
  if (url.username !== '' || url.password !== '')
    return 'it must not hold a user and password: a token belongs into the path or the query';
  return url.hash === '' ? undefined : 'it must not have a part after #';
}

/** The URL for people to see: what follows the host may be a secret. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const { origin, pathname, search } = new URL(text);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}

export function notifyErrors(path: string, notify: Notify | undefined): readonly FieldError[] {
  if (notify === undefined) return [];
  const complaint = notifyUrlComplaint(notify.url);
  const { secretName } = notify;
  return [
    ...(complaint === undefined ? [] : [invalid(`${path}.url`, notify.url, complaint)]),
    ...(secretName === undefined || isDns1123Subdomain(secretName)
      ? []
      : [invalid(`${path}.secretName`, secretName, 'must be the name of a Secret')]),
  ];
}

/** Shortest `expectEvery` in milliseconds. */
const shortestExpectation = 60_000;

export const isExpectation = (text: string): boolean => (parseDuration(text) ?? 0) >= shortestExpectation;

/** A Job, as far as its successes go. */
interface Succeeding {
  readonly status?: { readonly lastSuccess?: { readonly time?: string } };
}

/**
 * Since when there has been no success, and when that is too long; in milliseconds since the epoch.
 * @param since when the expectation was set, RFC 3339
 */
export function silenceOf(
  { status }: Succeeding,
  since: string,
  every: string,
): { readonly quietSince: number; readonly deadline: number } {
  const quietSince = Math.max(Date.parse(since), Date.parse(status?.lastSuccess?.time ?? '') || 0);
  return { quietSince, deadline: quietSince + (parseDuration(every) ?? 0) };
}
