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

export function firesOf(rule: Rule, shown: readonly Shown[]): readonly number[] {
  if (rule.interval)
    return shown.filter((one) => rule.date(one) && rule.time(one.hour, one.minute)).map((one) => one.at);
  const fires = new Set<number>();
  const stamp = (date: string, hour: number, minute: number): string =>
    `${date} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  const stamps = shown.map((one) => stamp(one.date, one.hour, one.minute));
  const firstShown = new Map<string, number>();
  for (const [index, text] of stamps.entries()) if (!firstShown.has(text)) firstShown.set(text, shown[index]!.at);
  const dates = new Map(shown.map((one) => [one.date, one]));
  for (const [date, sample] of dates) {
    if (!rule.date(sample)) continue;
    for (let hour = 0; hour < 24; hour++)
      for (let minute = 0; minute < 60; minute++) {
        if (!rule.time(hour, minute)) continue;
        const wanted = stamp(date, hour, minute);
        const first = firstShown.get(wanted);
        if (first !== undefined) fires.add(first);
        else {
          const after = stamps.findIndex((text, index) => index > 0 && stamps[index - 1]! < wanted && text > wanted);
          if (after > 0) fires.add(shown[after]!.at);
        }
      }
  }
  return [...fires].sort((a, b) => a - b);
}
