import { expect, test } from 'vitest';
import { NamespaceRemovals } from '../../../src/node/network/namespace-removals.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function start(inUse: number) {
  const clock = new FakeClock();
  const removed: string[][] = [];
  const state = { inUse };
  const removals = new NamespaceRemovals({
    clock,
    inUse: () => state.inUse,
    remove: async (namespaces) => {
      removed.push(namespaces.map(({ id }) => id));
      state.inUse -= namespaces.length;
    },
  });
  return { clock, removed, leave: (id: string) => removals.add({ id, address: 0 }), removals };
}
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
};

test('the only one goes at once', async () => {
  const { removed, leave } = start(1);
  await leave('a');
  expect(removed).toEqual([['a']]);
});

test('while others are in use it waits a moment for them', async () => {
  const { clock, removed, leave } = start(10);
  const first = leave('a');
  await turns();
  const second = leave('b');
  await turns();
  expect(removed).toEqual([]);
  clock.advance(200);
  await Promise.all([first, second]);
  expect(removed).toEqual([['a', 'b']]);
});

test('four are enough', async () => {
  const { removed, leave } = start(10);
  const first = leave('a');
  await turns();
  await Promise.all([first, ...['b', 'c', 'd'].map(leave)]);
  expect(removed).toEqual([['a', 'b', 'c', 'd']]);
});

test('the last ones wait for nobody', async () => {
  const { removed, leave } = start(3);
  const first = leave('a');
  await turns();
  await Promise.all([first, leave('b'), leave('c')]);
  expect(removed).toEqual([['a', 'b', 'c']]);
});

test('closing ends the waiting', async () => {
  const { removed, leave, removals } = start(10);
  const first = leave('a');
  await turns();
  await removals.close();
  await first;
  expect(removed).toEqual([['a']]);
});
