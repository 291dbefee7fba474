/** One field of a cron expression: `*`, `?`, numbers, names, ranges, steps and lists of them. */

export interface FieldKind {
  readonly name: string;
  readonly min: number;
  /** Largest number that may be written; 7 is Sunday as 0 is. */
  readonly max: number;
  /** Largest value that `*` and open steps reach, when it is not `max`. */
  readonly last: number;
  /** Three-letter names; the first stands for `min`. */
  readonly names: readonly string[];
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** In the order in which they are written. */
export const fieldKinds: readonly FieldKind[] = [
  { name: 'minute', min: 0, max: 59, last: 59, names: [] },
  { name: 'hour', min: 0, max: 23, last: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, last: 31, names: [] },
  { name: 'month', min: 1, max: 12, last: 12, names: months },
  { name: 'day of week', min: 0, max: 7, last: 6, names: weekdays },
];

export type ParsedField =
  | {
      readonly ok: true;
      /** Ascending, without repeats, Sunday as 0. */
      readonly values: readonly number[];
      /** Whether an element is `*` without a step: the field says nothing about the day. */
      readonly open: boolean;
    }
  | { readonly ok: false; readonly reason: string; readonly nearest?: string };

type ParsedElement = Exclude<ParsedField, { ok: true }> | { ok: true; values: readonly number[]; open: boolean };

export function parseField(kind: FieldKind, text: string): ParsedField {
  const values = new Set<number>();
  const elements = text.split(',');
  let open = false;
  for (const [index, element] of elements.entries()) {
    const parsed = parseElement(kind, element);
    if (!parsed.ok) {
      const mended = elements.toSpliced(index, 1, ...(parsed.nearest ? [parsed.nearest] : [])).join(',');
      return { ...parsed, nearest: mended === '' ? undefined : mended };
    }
    for (const value of parsed.values) values.add(value > kind.last ? kind.min : value);
    open ||= parsed.open;
  }
  return { ok: true, values: [...values].sort((a, b) => a - b), open };
}

function parseElement(kind: FieldKind, element: string): ParsedElement {
  const special = quartz(kind, element);
  if (special) return special;
  const [, range, stepText] = /^([^/]*)(?:\/(.*))?$/s.exec(element) ?? [];
  const step = stepText === undefined ? 1 : /^\d+$/.test(stepText) ? Number(stepText) : undefined;
  if (range === undefined || step === undefined)
    return refused(`${quoted(stepText ?? element)} in the ${kind.name} field is no step`, range);
  if (step === 0) return refused(`the step of ${quoted(element)} in the ${kind.name} field must be above 0`, range);
  const count = kind.last - kind.min + 1;
  if (step > count)
    return refused(`the step of ${quoted(element)} is above the ${count} values of the ${kind.name} field`, range);
  const bounds = parseRange(kind, range, stepText !== undefined);
  if (!bounds.ok) {
    const stepped = (part: string): string => (stepText === undefined || /^\d+$/.test(part) ? part : `${part}/${step}`);
    return { ...bounds, nearest: bounds.nearest?.split(',').map(stepped).join(',') };
  }
  const values: number[] = [];
  for (let value = bounds.from; value <= bounds.to; value += step) values.push(value);
  return { ok: true, values, open: bounds.star && step === 1 };
}

type ParsedRange =
  | { readonly ok: true; readonly from: number; readonly to: number; readonly star: boolean }
  | Exclude<ParsedField, { ok: true }>;

function parseRange(kind: FieldKind, range: string, stepped: boolean): ParsedRange {
  if (range === '*' || range === '?') return { ok: true, from: kind.min, to: kind.last, star: true };
  const [first = '', second, ...rest] = range.split('-');
  const from = parseValue(kind, first, second !== undefined);
  if (!from.ok) return { ...from, nearest: from.nearest && [from.nearest, second].filter(Boolean).join('-') };
  // `5/15` is Kf's short form of `5-59/15`.
  if (second === undefined)
    return { ok: true, from: from.value, to: stepped ? Math.max(kind.last, from.value) : from.value, star: false };
  if (rest.length > 0 || second === '')
    return refused(`${quoted(range)} in the ${kind.name} field is no range`, second === '' ? first : undefined);
  const to = parseValue(kind, second, true);
  if (!to.ok) return { ...to, nearest: to.nearest && `${first}-${to.nearest}` };
  // A week that ends on Sunday: FRI-SUN is 5-7.
  const end =
    kind.max > kind.last && to.value === kind.min && from.value > kind.min ? sundayAtEnd(kind, second) : to.value;
  if (end >= from.value) return { ok: true, from: from.value, to: end, star: false };
  return refused(
    `the range ${quoted(range)} in the ${kind.name} field is backwards`,
    turned(kind, first, second, from.value, end),
  );
}

const sundayAtEnd = (kind: FieldKind, text: string): number => (/^\d/.test(text) ? kind.min : kind.max);

/** A range backwards as the two ranges that it probably means. */
function turned(kind: FieldKind, first: string, second: string, from: number, to: number): string {
  const name = (value: number, like: string): string =>
    /^\d/.test(like) ? String(value) : kind.names[value - kind.min]!;
  const head = from >= kind.last ? first : `${first}-${name(kind.last, first)}`;
  const tail = to === kind.min ? second : `${name(kind.min, second)}-${second}`;
  return `${head},${tail}`;
}

type ParsedValue = { readonly ok: true; readonly value: number } | Exclude<ParsedField, { ok: true }>;

function parseValue(kind: FieldKind, text: string, inRange: boolean): ParsedValue {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    if (value >= kind.min && value <= kind.max) return { ok: true, value };
    const wraps = !inRange && kind.min === 0 && value === kind.max + 1;
    const nearest = value < kind.min || wraps ? kind.min : kind.max;
    return refused(
      `${quoted(text)} in the ${kind.name} field is not between ${kind.min} and ${kind.max}`,
      String(nearest),
    );
  }
  const name = text.toUpperCase();
  const index = kind.names.indexOf(name);
  if (index >= 0) return { ok: true, value: kind.min + index };
  const allowed = kind.names.length > 0 ? `, nor a name like ${kind.names[0]}` : '';
  const long = /^[A-Z]{4,}$/.test(name) ? kind.names.find((short) => name.startsWith(short)) : undefined;
  return refused(`${quoted(text)} in the ${kind.name} field is no number${allowed}`, long);
}

/** What other schedulers have beyond cron: refused, with what comes nearest. */
function quartz(kind: FieldKind, element: string): ParsedElement | undefined {
  const text = element.toUpperCase();
  const not = (what: string, nearest?: string): ParsedElement =>
    refused(`${quoted(element)} in the ${kind.name} field (${what}) is not part of cron`, nearest);
  if (/^H(\(.*\))?(\/\d+)?$/.test(text))
    return not('a minute chosen by the scheduler', text.includes('/') ? `*/${text.split('/')[1]}` : String(kind.min));
  if (kind.name === 'day of month') {
    // The 28th is the last day that every month has.
    if (text === 'L' || text === 'LW') return not('the last day of the month', '28');
    const before = /^L-(\d+)$/.exec(text)?.[1];
    if (before !== undefined) return not('days before the end of the month', String(Math.max(1, 28 - Number(before))));
    const near = /^(\d+)W$/.exec(text)?.[1];
    if (near !== undefined) return not('the working day next to a date', near);
  }
  if (kind.name === 'day of week') {
    if (text === 'L') return not('the last day of the week', '6');
    const last = /^(\d|[A-Z]{3})L$/.exec(text)?.[1];
    if (last !== undefined) return not('the last such day of the month', last);
    const nth = /^(\d|[A-Z]{3})#\d*$/.exec(text)?.[1];
    if (nth !== undefined) return not('the n-th such day of the month', nth);
  }
  return undefined;
}

const refused = (reason: string, nearest?: string): Exclude<ParsedField, { ok: true }> => ({
  ok: false,
  reason,
  nearest: nearest === '' ? undefined : nearest,
});

const quoted = (text: string): string => `"${text}"`;
