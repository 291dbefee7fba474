import { expect, test } from 'vitest';
import { HookLimits } from '../../../src/apiserver/hooks/hook-limits.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('strangers who send slowly keep nobody waiting who has shown a token', async () => {
  const limits = new HookLimits(new FakeClock());
  const ends: (() => void)[] = [];
  const slow = () => new Promise<void>((resolve) => ends.push(resolve));
  const strangers = Array.from({ length: 16 }, () => limits.whileReading('unknown', slow));
  await expect(limits.whileReading('unknown', slow)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  expect(await limits.whileReading('known', async () => 'body')).toBe('body');
  for (const end of ends) end();
  await Promise.all(strangers);
  expect(await limits.whileReading('unknown', async () => 'body')).toBe('body');
});
