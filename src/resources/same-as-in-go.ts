/**
 * Whether two specs are one to a program in Go: such a program (Tekton's own controllers among them) writes a whole
 * object back when it changes a label, with empty fields that were absent and its own spelling of times and quantities.
 */

import { parseDuration } from './duration.ts';
import { isJsonObject } from './json.ts';
import { parseQuantity } from './quantity.ts';

const durations = new Set(['timeout', 'pipeline', 'tasks', 'finally']);
const quantities = new Set(['sizeLimit', 'divisor']);
const quantityMaps = new Set(['limits', 'requests']);

/** What Go's `omitempty` leaves out, or what Go writes where there was nothing. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === false ||
  value === 0 ||
  (typeof value === 'object' && Object.values(value).every(isEmpty) && !(Array.isArray(value) && value.length > 0));

/** A quantity may be a number, too. */
const isText = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

/** @param key of the member that the values are; @param outer of the object that has it */
export function sameAsInGo(left: unknown, right: unknown, key = '', outer = ''): boolean {
  if (left === right) return true;
  if (isEmpty(left) && isEmpty(right)) return true;
  if (isText(left) && isText(right)) return sameText(String(left), String(right), key, outer);
  if (Array.isArray(left))
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameAsInGo(item, right[index], key, outer))
    );
  if (!isJsonObject(left) || !isJsonObject(right)) return isEmpty(left) && isEmpty(right);
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((member) => sameAsInGo(left[member], right[member], member, key));
}

function sameText(left: string, right: string, key: string, outer: string): boolean {
  if (durations.has(key)) {
    const time = parseDuration(left);
    return time !== undefined && time === parseDuration(right);
  }
  if (!quantities.has(key) && !quantityMaps.has(outer)) return false;
  const amount = parseQuantity(left);
  return amount !== undefined && amount === parseQuantity(right);
}
