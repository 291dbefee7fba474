import { parseSchedule } from '../../../src/resources/schedule/parse.ts';
import type { Schedule } from '../../../src/resources/schedule/schedule.ts';

export function schedule(text: string): Schedule {
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.reason}`);
  return parsed.schedule;
}

/** `2026-03-29T01:00Z`, or with seconds where there are some. */
export const iso = (at: number): string => new Date(at).toISOString().replace(/:00\.000Z$/, 'Z');
