import { expect, test } from 'vitest';
import { Pod } from '../../src/resources/core/pod.ts';
import { type HostileClient, hostile } from '../client/hostile-client.ts';
import { TestNode, terminated } from '../node/support/test-node.ts';

test.each([1, 2, 3])('over the hostile client, seed %i: every command once, its code, its log', async (seed) => {
  const clients: HostileClient[] = [];
  const node = await TestNode.start({
    wrapClient: (client) => {
      // The Client in memory keeps no history to go on from.
      const wrapped = hostile(client, { seed, breakingWatches: 0, expiredWatches: 0 });
      clients.push(wrapped);
      return wrapped;
    },
  });
  try {
    const names = Array.from({ length: 6 }, (_, index) => `p${index}`);
    await Promise.all(names.map((name, index) => node.shell(name, `echo ran ${name}; exit ${index}`)));
    const long = await node.shell('long', 'echo up; sleep 100');
    const pods = await Promise.all(names.map((name) => node.finished(name)));
    for (const [index, pod] of pods.entries()) {
      expect(terminated(pod)?.exitCode).toBe(index);
      expect(await node.log(pod)).toBe(`ran p${index}\n`);
    }
    await node.logged(long, 'up');
    await node.client.delete(Pod, long.metadata, { gracePeriodSeconds: 1 });
    await node.gone('long');
    await node.idle();
    expect(await node.leftovers()).toEqual([]);
  } finally {
    for (const client of clients) client.close();
    await node.close();
  }
});
