import { expect, test } from 'vitest';
import { newUid } from '../../src/apiserver/uid.ts';

test('UIDs sort in the order in which they were made, also of one millisecond and when the clock was set back', () => {
  const now = 1_800_000_000_000;
  const made = [...Array.from({ length: 5000 }, () => newUid(now)), newUid(now + 1), newUid(now - 60_000), newUid(now)];
  expect(new Set(made).size).toBe(made.length);
  expect([...made].sort()).toEqual(made);
  for (const uid of made) expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
