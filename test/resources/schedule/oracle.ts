/**
 * A second implementation of the rules, to test the first against: it walks every minute of a span and reads the wall
 * clock from Intl.DateTimeFormat's parts. Slow and simple, and shares nothing with the other.
 */

export interface Shown {
  readonly at: number;
  /** `2026-03-29`. */
  readonly date: string;
  readonly month: number;
  readonly dayOfMonth: number;
  readonly weekday: string;
  readonly hour: number;
  readonly minute: number;
}

export interface Rule {
  readonly text: string;
  readonly interval: boolean;
  readonly date: (shown: { month: number; dayOfMonth: number; weekday: string }) => boolean;
  readonly time: (hour: number, minute: number) => boolean;
}

const step = 60_000;

/** What clocks show at every whole minute in [from, to). */
export function walk(timeZone: string, from: number, to: number): readonly Shown[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  const shown: Shown[] = [];
  for (let at = from; at < to; at += step) {
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(at)) parts[type] = value;
    shown.push({
      at,
      date: `${parts.year}-${parts.month}-${parts.day}`,
      month: Number(parts.month),
      dayOfMonth: Number(parts.day),
      weekday: parts.weekday!,
      hour: Number(parts.hour),
      minute: Number(parts.minute),
    });
  }
  return shown;
}

interface Walked {
  /** When a wall time was first shown. */
  readonly first: ReadonlyMap<string, number>;
  /** Where the wall clock leapt ahead: the wall times around it, and the instant. */
  readonly leaps: readonly { readonly before: string; readonly after: string; readonly at: number }[];
  readonly dates: readonly Shown[];
}

const known = new WeakMap<readonly Shown[], Walked>();

const stamp = (date: string, hour: number, minute: number): string =>
  `${date}T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}Z`;

function survey(shown: readonly Shown[]): Walked {
  const first = new Map<string, number>();
  const dates = new Map<string, Shown>();
  const leaps: { before: string; after: string; at: number }[] = [];
  let before: string | undefined;
  for (const one of shown) {
    const after = stamp(one.date, one.hour, one.minute);
    if (before !== undefined && Date.parse(after) - Date.parse(before) > step)
      leaps.push({ before, after, at: one.at });
    if (!first.has(after)) first.set(after, one.at);
    dates.set(one.date, one);
    before = after;
  }
  return { first, leaps, dates: [...dates.values()] };
}

/** The instants in a walk at which a rule fires, ascending. Its first and last day are not to be relied upon. */
export function firesOf(rule: Rule, shown: readonly Shown[]): readonly number[] {
  if (rule.interval)
    return shown.filter((one) => rule.date(one) && rule.time(one.hour, one.minute)).map((one) => one.at);
  const walked = known.get(shown) ?? survey(shown);
  known.set(shown, walked);
  const fires = new Set<number>();
  // Only dates that were shown: one that does not exist fires nothing.
  for (const sample of walked.dates.filter(rule.date))
    for (let hour = 0; hour < 24; hour++)
      for (let minute = 0; minute < 60; minute++) {
        if (!rule.time(hour, minute)) continue;
        const wanted = stamp(sample.date, hour, minute);
        const at =
          walked.first.get(wanted) ?? walked.leaps.find((leap) => leap.before < wanted && wanted < leap.after)?.at;
        if (at !== undefined) fires.add(at);
      }
  return [...fires].sort((a, b) => a - b);
}
