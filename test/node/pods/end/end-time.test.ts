import { expect, test } from 'vitest';
import { endTime } from '../../../../src/node/pods/end/end-time.ts';

const noon = Date.parse('2026-01-01T12:00:00Z');
const hour = 3_600_000;

// Started at noon, when the monotonic clock showed 1000; ran for 5 s.
test.each([
  ['seen at once', { endedAt: noon + 5000, now: noon + 5000, nowMonotonic: 6000 }],
  ['seen a minute later, by another server', { endedAt: noon + 5000, now: noon + 65_000, nowMonotonic: 66_000 }],
  ['the clock was set forward meanwhile', { endedAt: noon + hour + 5000, now: noon + hour + 5000, nowMonotonic: 6000 }],
  ['the clock was set back meanwhile', { endedAt: noon - hour + 5000, now: noon - hour + 5000, nowMonotonic: 6000 }],
])('5 s are 5 s: %s', (_, times) => {
  expect(endTime({ startedAt: noon, startedMonotonic: 1000, ...times }) - noon).toBe(5000);
});

test('never before the start', () => {
  const times = { startedAt: noon, endedAt: noon - 4, now: noon, nowMonotonic: 1000 };
  expect(endTime({ ...times, startedMonotonic: 1000 })).toBe(noon);
  expect(endTime({ ...times, startedMonotonic: undefined })).toBe(noon);
});
