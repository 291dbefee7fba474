import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSchedule } from '../../../src/resources/schedule/parse.ts';
import { minute } from '../../../src/resources/schedule/schedule.ts';
import { schedule } from './support.ts';

const span = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const fieldsOf = (text: string) => schedule(text).fields!;

describe('fields', () => {
  test.each([
    ['* * * * *', 'minutes', span(0, 59)],
    ['? * * * *', 'minutes', span(0, 59)],
    ['7 * * * *', 'minutes', [7]],
    ['007 * * * *', 'minutes', [7]],
    ['30,5,5 * * * *', 'minutes', [5, 30]],
    ['10-12 * * * *', 'minutes', [10, 11, 12]],
    ['*/15 * * * *', 'minutes', [0, 15, 30, 45]],
    ['*/60 * * * *', 'minutes', [0]],
    ['10-30/10,59 * * * *', 'minutes', [10, 20, 30, 59]],
    ['50/4 * * * *', 'minutes', [50, 54, 58]],
    ['0 */5 * * *', 'hours', [0, 5, 10, 15, 20]],
    ['0 0 1-31/10 * *', 'days', [1, 11, 21, 31]],
    ['0 0 */10 * *', 'days', [1, 11, 21, 31]],
    ['0 0 1 jan,Apr-JUN *', 'months', [1, 4, 5, 6]],
    ['0 0 1 */5 *', 'months', [1, 6, 11]],
    ['0 0 * * 0', 'weekdays', [0]],
    ['0 0 * * 7', 'weekdays', [0]],
    ['0 0 * * 0-7', 'weekdays', span(0, 6)],
    ['0 0 * * 5-7', 'weekdays', [0, 5, 6]],
    ['0 0 * * fri-Sun', 'weekdays', [0, 5, 6]],
    ['0 0 * * SUN-TUE', 'weekdays', [0, 1, 2]],
    ['0 0 * * SUN-SUN', 'weekdays', [0]],
    ['0 0 * * MON-FRI/2', 'weekdays', [1, 3, 5]],
    ['0 0 * * 7/2', 'weekdays', [0]],
    ['  0   2\t*  * * ', 'hours', [2]],
  ] as const)('%s', (text, field, values) => {
    expect(fieldsOf(text)[field]).toEqual(values);
  });

  test.each([
    ['0 0 * * *', false],
    ['0 0 1 * *', false],
    ['0 0 * * 1', false],
    ['0 0 ? * 1', false],
    ['0 0 13 * 5', true],
    // As in Kf: a step restricts, a star among others does not.
    ['0 0 */2 * 5', true],
    ['0 0 */1 * 5', false],
    ['0 0 *,13 * 5', false],
  ])('either day of %s: %s', (text, either) => {
    expect(fieldsOf(text).eitherDay).toBe(either);
  });

  test('a star among days leaves the weekday alone to decide', () => {
    expect(fieldsOf('0 0 *,13 * 5')).toMatchObject({ days: span(1, 31), weekdays: [5] });
  });

  test.each([
    ['* * * * *', true],
    ['*/5 3 * * *', true],
    ['0 * * * *', true],
    ['30 */2 * * *', true],
    ['? 3 * * *', true],
    ['*,5 3 * * *', true],
    ['0 3 * * *', false],
    ['0-59 3 * * *', false],
    ['5,* 3 * * *', false],
    ['0 0-23 * * *', false],
    ['@hourly', true],
    ['@daily', false],
  ])('interval %s: %s', (text, interval) => {
    expect(fieldsOf(text).interval).toBe(interval);
  });
});

describe('words', () => {
  test.each([
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
    ['@monthly', '0 0 1 * *'],
    ['@weekly', '0 0 * * 0'],
    ['@daily', '0 0 * * *'],
    ['@midnight', '0 0 * * *'],
    ['@Hourly', '0 * * * *'],
  ])('%s is %s', (word, cron) => {
    expect(schedule(word)).toEqual({ expression: word.toLowerCase(), fields: fieldsOf(cron) });
  });

  test.each([
    ['@every 1m', 1],
    ['@every 90m', 90],
    ['@every 1h30m', 90],
    ['@every 120s', 2],
    ['@every  48h ', 2880],
  ])('%s: %d minutes', (text, minutes) => {
    expect(schedule(text)).toEqual({ expression: text.trim().replace(/\s+/, ' '), every: minutes * minute });
  });

  test.each([
    ['TZ=Europe/Berlin 0 2 * * *', 'Europe/Berlin', '0 2 * * *'],
    ['CRON_TZ=UTC @daily', 'UTC', '@daily'],
    [' TZ=Asia/Kolkata   @every 5m', 'Asia/Kolkata', '@every 5m'],
  ])('%s', (text, timeZone, expression) => {
    expect(schedule(text)).toMatchObject({ timeZone, expression });
  });
});

describe('refused', () => {
  test.each([
    ['0 30 2 * * *', 'has 6 fields', '30 2 * * *'],
    ['30 2 * * * 2027', 'there are no years', '30 2 * * *'],
    ['0 30 2 * * ? 2027', 'has 7 fields', '30 2 * * ?'],
    ['1 2 3 4 5 6 7 8', 'has 8 fields', undefined],
    ['0 2', 'has 2 fields', '0 2 * * *'],
    ['foo', 'has 1 field;', undefined],
    ['', 'is empty', undefined],
    ['  ', 'is empty', undefined],
    ['0 0 L * *', 'the last day of the month', '0 0 28 * *'],
    ['0 0 LW * *', 'not part of cron', '0 0 28 * *'],
    ['0 0 L-3 * *', 'not part of cron', '0 0 25 * *'],
    ['0 0 15W * *', 'the working day next to a date', '0 0 15 * *'],
    ['0 0 * * 5L', 'the last such day', '0 0 * * 5'],
    ['0 0 * * L', 'the last day of the week', '0 0 * * 6'],
    ['0 0 * * MON#2', 'the n-th such day', '0 0 * * MON'],
    ['H * * * *', 'not part of cron', '0 * * * *'],
    ['H/15 * * * *', 'not part of cron', '*/15 * * * *'],
    ['@reboot', 'names no time', '@hourly'],
    ['@weeky', 'is none of', '@weekly'],
    ['@daily 5', 'nothing may follow @daily', '@daily'],
    ['@xyz', 'is none of', undefined],
    ['0 0 30 2 *', 'never fires', '0 0 28 2 *'],
    ['0 0 31 4,JUN *', 'never fires', '0 0 30 4,JUN *'],
    ['0 0 31 2 ?', 'never fires', '0 0 28 2 ?'],
    ['0 22-2 * * *', 'backwards', '0 22-23,0-2 * * *'],
    ['0 23-0 * * *', 'backwards', '0 23,0 * * *'],
    ['0 22-2/2 * * *', 'backwards', '0 22-23/2,0-2/2 * * *'],
    ['0 0 * * FRI-MON', 'backwards', '0 0 * * FRI-SAT,SUN-MON'],
    ['0 0 * * 6-0', 'backwards', '0 0 * * 6,0'],
    ['60 * * * *', 'not between 0 and 59', '0 * * * *'],
    ['75 * * * *', 'not between 0 and 59', '59 * * * *'],
    ['0 24 * * *', 'not between 0 and 23', '0 0 * * *'],
    ['0 0 0 * *', 'not between 1 and 31', '0 0 1 * *'],
    ['0 0 32 * *', 'not between 1 and 31', '0 0 31 * *'],
    ['0 0 1 13 *', 'not between 1 and 12', '0 0 1 12 *'],
    ['0 0 * * 8', 'not between 0 and 7', '0 0 * * 0'],
    ['0 8-24 * * *', 'not between 0 and 23', '0 8-23 * * *'],
    ['*/0 * * * *', 'must be above 0', '* * * * *'],
    ['*/x * * * *', 'is no step', '* * * * *'],
    ['*/90 * * * *', 'above the 60 values', '@every 90m'],
    ['0 */36 * * *', 'above the 24 values', '@every 36h'],
    ['*/90 3 * * *', 'above the 60 values', '* 3 * * *'],
    ['1,,2 * * * *', 'is no number', '1,2 * * * *'],
    ['-5 * * * *', 'is no number', undefined],
    ['5- * * * *', 'is no range', '5 * * * *'],
    ['1-2-3 * * * *', 'is no range', undefined],
    ['0 12 * * MONDAY', 'is no number, nor a name like SUN', '0 12 * * MON'],
    ['JAN * * * *', 'is no number', undefined],
    ['0 0 1 jam *', 'nor a name like JAN', undefined],
    ['60 24 L * *', 'in the minute field', '0 0 28 * *'],
    ['@every 30s', 'at least 1m', '@every 1m'],
    ['@every 0', 'at least 1m', '@every 1m'],
    ['@every -5m', 'at least 1m', '@every 1m'],
    ['@every 90s', 'whole minutes', '@every 2m'],
    ['@every 1d', 'is no duration', '@every 24h'],
    ['@every 5', 'is no duration', '@every 5m'],
    ['@every', 'is no duration', undefined],
    ['@every5m', 'lacks a blank', '@every 5m'],
    ['@every 99999999h', 'at most 292 years', undefined],
    ['TZ=Berlin 0 2 * * *', 'is no IANA time zone', 'TZ=Europe/Berlin 0 2 * * *'],
    ['TZ=+01:00 0 2 * * *', 'is no IANA time zone', undefined],
    ['TZ= 0 2 * * *', 'is no IANA time zone', undefined],
    ['TZ=Local 0 2 * * *', 'is no IANA time zone', undefined],
    ['TZ=Europe/Berlin', 'is empty', undefined],
    ['TZ=Berlin 0 0 24 * * *', 'is no IANA time zone', 'TZ=Europe/Berlin 0 0 * * *'],
    ['TZ=UTC 0 24 * * *', 'not between 0 and 23', 'TZ=UTC 0 0 * * *'],
  ])('%s', (text, why, nearest) => {
    const parsed = parseSchedule(text);
    expect(parsed).toMatchObject({ ok: false, reason: expect.stringContaining(why) });
    expect(!parsed.ok && parsed.nearest).toBe(nearest);
    if (!parsed.ok && nearest !== undefined)
      expect(parsed.reason.endsWith(`; nearest valid form: ${nearest}`)).toBe(true);
  });

  test('endless text', () => {
    expect(parseSchedule(`${'1,'.repeat(600)}1 * * * *`)).toMatchObject({
      ok: false,
      reason: 'is longer than 1000 characters',
    });
  });

  test('29 February is a day, however rare', () => {
    expect(parseSchedule('0 0 29 2 *').ok).toBe(true);
    expect(parseSchedule('0 0 30 2 1').ok).toBe(true);
  });

  test('whatever is written: no throw, and the nearest form is valid', () => {
    const word = fc.stringMatching(/^[0-9*,/?#LWHA-Za-z@=-]{0,8}$/);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
        ),
        (text) => {
          const parsed = parseSchedule(text);
          if (!parsed.ok && parsed.nearest !== undefined) expect(parseSchedule(parsed.nearest).ok).toBe(true);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
