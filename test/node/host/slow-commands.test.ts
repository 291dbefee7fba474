import { expect, test } from 'vitest';
import { slowCommands } from '../../../src/node/host/slow-commands.ts';

test('programs that hang keep no other one waiting, and have their time', async () => {
  const [stop, enough] = [new AbortController(), new AbortController()];
  const run = slowCommands(stop.signal);
  const hanging = Array.from({ length: 6 }, () =>
    run('sleep', ['1000'], { signal: enough.signal }).catch(() => 'ended'),
  );
  expect(await run('echo', ['beside'])).toBe('beside\n');
  await expect(run('sleep', ['1000'], { timeout: 50 })).rejects.toThrow('sleep 1000');
  enough.abort();
  expect(new Set(await Promise.all(hanging))).toEqual(new Set(['ended']));
  expect(await run('echo', ['again'])).toBe('again\n');
  stop.abort();
});
