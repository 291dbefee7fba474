/** `--spread`: minutes at a stable place of their hour, so that Jobs do not all start at once. Pure. */

import { createHash } from 'node:crypto';
import { descriptors, parseSchedule } from './parse.ts';

export type Spread =
  | { readonly ok: true; readonly expression: string }
  | {
      readonly ok: false;
      /** Why its minutes cannot be moved; to be read after the expression. */
      readonly reason: string;
    };

/**
 * A valid expression without `TZ=`, its minutes moved together within their hour to a place that the name chooses. The
 * distances between them stay, and so does what has been spread by this name before.
 */
export function spread(expression: string, name: string): Spread {
  const parsed = parseSchedule(expression);
  if (!parsed.ok) return { ok: false, reason: parsed.reason };
  const { fields } = parsed.schedule;
  if (fields === undefined) return { ok: false, reason: '@every counts from when it was set: it has no minute' };
  const [minutes = '', hours = '', ...rest] = (descriptors[parsed.schedule.expression] ?? expression).split(/\s+/);
  const first = fields.minutes[0]!;
  const room = 60 - (fields.minutes.at(-1)! - first);
  const place = hashOf(name) % room;
  if (room === 1) return { ok: false, reason: 'its minutes fill the hour: there is no other place' };
  // `*/15 2 * * *` follows the clock through its changes, `7-59/15 2 * * *` would not.
  if (/^[*?]/.test(minutes) && !/^[*?]/.test(hours))
    return {
      ok: false,
      reason: `moving ${minutes} would change what happens when clocks change; name the minutes: ${[fields.minutes.join(','), hours, ...rest].join(' ')}`,
    };
  const moved = fields.minutes.map((minute) => minute - first + place);
  return { ok: true, expression: [written(moved), hours, ...rest].join(' ') };
}

/** Written as a step (`3/15`) where the minutes are evenly spread to the end of the hour, else as a list. */
function written(minutes: readonly number[]): string {
  const [first = 0, second = 0] = minutes;
  const step = second - first;
  const even = minutes.every((minute, index) => minute === first + index * step);
  return minutes.length > 2 && even && minutes.at(-1)! + step > 59 ? `${first}-59/${step}` : minutes.join(',');
}

const hashOf = (name: string): number => createHash('sha256').update(name).digest().readUInt32BE();
