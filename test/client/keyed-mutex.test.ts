import { expect, test } from 'vitest';
import { KeyedMutex } from '../../src/client/keyed-mutex.ts';

test('work of one key in order, whatever fails; another key does not wait', async () => {
  const mutex = new KeyedMutex();
  const said: string[] = [];
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const first = mutex.run('a', async () => {
    await gate;
    said.push('first');
    throw new Error('no');
  });
  const second = mutex.run('a', async () => said.push('second'));
  await mutex.run('b', async () => said.push('other'));
  go();
  await expect(first).rejects.toThrow('no');
  expect(await second).toBe(3);
  expect(said).toEqual(['other', 'first', 'second']);
});
