/**
 * UIDs by time (UUID version 7, RFC 9562): as text they sort in the order in which this server made them. What was created
 * within one second can thus be told apart by whoever knows the objects alone.
 */

import { randomUUID } from 'node:crypto';

/** UIDs within one millisecond. */
const most = 0xfff;

let latest = 0;
let count = 0;

/** @param now milliseconds since the epoch; a clock that was set back does not change the order */
export function newUid(now: number): string {
  if (now > latest) {
    latest = now;
    count = 0;
  } else if (++count > most) {
    latest++;
    count = 0;
  }
  const time = hex(latest, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(count, 3)}-${randomUUID().slice(19)}`;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
