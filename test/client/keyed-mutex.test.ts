import { expect, test } from 'vitest';
import { KeyedMutex } from '../../src/client/keyed-mutex.ts';

test('work of one key in order, whatever fails; another key does not wait', async () => {
  const turns = new KeyedMutex();
  const said: string[] = [];
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const first = turns.run('a', async () => {
    await gate;
    said.push('first');
    throw new Error('no');
  });
  const second = turns.run('a', async () => said.push('second'));
  await turns.run('b', async () => said.push('other'));
  go();
  await expect(first).rejects.toThrow('no');
  expect(await second).toBe(3);
  expect(said).toEqual(['other', 'first', 'second']);
});
