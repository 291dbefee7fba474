import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { wallClock } from '../../../src/resources/schedule/describe-fires.ts';
import { firesBetween } from '../../../src/resources/schedule/fire-times.ts';
import { missedSlots } from '../../../src/resources/schedule/missed.ts';
import { day } from '../../../src/resources/schedule/schedule.ts';
import { iso, schedule } from './support.ts';

const page = readFileSync(new URL('../../../docs/schedules.md', import.meta.url), 'utf8');
const cells = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

const rows = cells.filter(([, , , date]) => /^\d{4}-\d\d-\d\d$/.test(date ?? ''));

test('the table of changing clocks is found', () => {
  expect(rows).toHaveLength(22);
});

test.each(rows.map(([, zone, text, date, fires]) => ({ zone: zone!, text: text!, date: date!, fires: fires! })))(
  '$zone $text $date: $fires',
  ({ zone, text, date, fires }) => {
    const noon = Date.parse(`${date}T12:00Z`);
    const found = firesBetween(schedule(text), { timeZone: zone, since: 0 }, noon - 2 * day, noon + 2 * day)
      .map((at) => wallClock(zone, at))
      .filter((clock) => clock.date === date)
      .map((clock) => `${clock.time}${clock.offset}`);
    expect(found.join(', ') || 'nothing').toBe(fires);
  },
);

const words = cells.flatMap(([, names, cron]) =>
  names?.startsWith('@') && !names.startsWith('@every') ? names.split(', ').map((name) => [name, cron!] as const) : [],
);

test.each(words)('%s means %s', (name, cron) => {
  expect(schedule(name).fields).toEqual(schedule(cron).fields);
});

test('the example of missed runs', () => {
  const question = {
    schedules: [{ schedule: schedule('0 9,17 * * *'), timeZone: 'UTC', since: Date.parse('2026-01-05T00:00Z') }],
    lastSlot: Date.parse('2026-01-08T09:00Z'),
    now: Date.parse('2026-01-10T12:00Z'),
  };
  const missed = ['2026-01-08T17:00Z', '2026-01-09T09:00Z', '2026-01-09T17:00Z', '2026-01-10T09:00Z'];
  const run = (policy: 'latest' | 'skip' | 'all', missedWithin?: number) =>
    missedSlots({ ...question, policy, missedWithin }).run.map(iso);
  expect(run('latest')).toEqual(missed.slice(-1));
  expect(run('all')).toEqual(missed);
  expect(run('skip')).toEqual([]);
  expect(run('all', day)).toEqual(missed.slice(-2));
});
