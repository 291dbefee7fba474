import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spread } from '../../../src/resources/schedule/spread.ts';
import { schedule } from './support.ts';

const place = (text: string, name = 'nightly') => {
  const moved = spread(text, name);
  return moved.ok ? moved.expression : moved.reason;
};

test.each([
  ['0 2 * * *', /^\d+ 2 \* \* \*$/],
  ['@daily', /^\d+ 0 \* \* \*$/],
  ['@hourly', /^\d+ \* \* \* \*$/],
  ['*/15 * * * *', /^([0-9]|1[0-4])-59\/15 \* \* \* \*$/],
  ['0,30 9-17 * * MON-FRI', /^([0-9]|[12]\d),\d+ 9-17 \* \* MON-FRI$/],
  ['* * * * *', /there is no other place/],
  ['@every 90m', /it has no minute/],
  ['*/15 2 * * *', /name the minutes: 0,15,30,45 2 \* \* \*$/],
])('%s', (text, expected) => {
  expect(place(text)).toMatch(expected);
});

test('the same name has the same place, other names have others', () => {
  expect(place('0 2 * * *')).toBe(place('0 2 * * *'));
  expect(place('30 2 * * *')).toBe(place('0 2 * * *'));
  const places = new Set(Array.from({ length: 600 }, (_, index) => place('0 2 * * *', `job-${index}`)));
  expect(places.size).toBe(60);
});

test('distances, order and kind stay; a second time changes nothing', () => {
  const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 59 });
  const hours = fc.constantFrom('*', '*/3', '2', '1,5');
  fc.assert(
    fc.property(minutes, hours, fc.string(), (list, hour, name) => {
      const text = `${list.join(',')} ${hour} * * *`;
      const moved = spread(text, name);
      const { minutes: before, interval } = schedule(text).fields!;
      if (!moved.ok) {
        expect(before.at(-1)! - before[0]!).toBe(59);
        return;
      }
      const { minutes: after, interval: stillInterval } = schedule(moved.expression).fields!;
      expect(after.map((minute) => minute - after[0]!)).toEqual(before.map((minute) => minute - before[0]!));
      expect(stillInterval).toBe(interval);
      expect(spread(moved.expression, name)).toEqual(moved);
    }),
  );
});
