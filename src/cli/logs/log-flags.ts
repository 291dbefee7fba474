/** Values of the flags of `kf logs`, checked where they are read. Pure. */

import { parseDuration } from '../../resources/duration.ts';
import { errorMessage } from '../../resources/errors.ts';

/** A moment (milliseconds since the epoch), or how long ago. */
export type Since = { readonly at: number } | { readonly ago: number };

const wanted =
  'It must be how long ago, like 90s, 15m or 2h, or a time, like 2026-03-29T02:30:00Z or "2026-03-29 02:30" (local time).';

/** `--since`. A time without a zone is the local one of whoever types. @throws Error */
export function since(text: string): Since {
  const ago = parseDuration(text.trim());
  if (ago !== undefined && ago > 0) return { ago };
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?$/i.exec(
    text.trim(),
  );
  if (match === null) throw new Error(wanted);
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone = ''] = match;
  const date = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  const at = Date.parse(date + zone.toUpperCase());
  // February 30th would be March 2nd.
  const isReal = !Number.isNaN(at) && new Date(`${date}Z`).toISOString() === `${date}Z`;
  if (!isReal) throw new Error(`There is no such time. ${wanted}`);
  return { at };
}

/** `--since` as RFC 3339. @param now milliseconds since the epoch */
export const sinceTime = (value: Since, now: number): string =>
  new Date('at' in value ? value.at : now - value.ago).toISOString();

/** `--grep`: a regular expression of JavaScript; `(?i)` at its beginning ignores case. @throws Error */
export function pattern(text: string): RegExp {
  if (text === '') throw new Error('It must not be empty.');
  const ignoreCase = text.startsWith('(?i)');
  try {
    return new RegExp(ignoreCase ? text.slice(4) : text, ignoreCase ? 'iu' : 'u');
  } catch {
    // What Unicode mode refuses may still be meant: `\-`.
  }
  try {
    return new RegExp(ignoreCase ? text.slice(4) : text, ignoreCase ? 'i' : '');
  } catch (error) {
    throw new Error(
      `It must be a regular expression: ${errorMessage(error).replace(/^Invalid regular expression: /, '')}.`,
    );
  }
}
