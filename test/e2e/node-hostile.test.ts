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

test('a waiting Pod that was deleted goes, although the first attempt to remove it fails', async () => {
  let failures = 0;
  const node = await TestNode.start({
    limits: { maxTasks: 1 },
    wrapClient: (client) =>
      new Proxy(client, {
        get(target, name) {
          const member = Reflect.get(target, name) as unknown;
          if (typeof member !== 'function') return member;
          if (name === 'delete' && failures++ === 0) return () => Promise.reject(new Error('the disk is full'));
          return member.bind(target);
        },
      }),
  });
  try {
    const first = await node.shell('first', 'sleep 100');
    await node.running('first');
    const waiting = await node.shell('waiting', 'echo never');
    await node.client.delete(Pod, waiting.metadata, { gracePeriodSeconds: 1 });
    await node.gone('waiting');
    expect(node.errors.filter((error) => error.includes('the disk is full'))).toHaveLength(1);
    expect(failures).toBeGreaterThan(1);
    await node.client.delete(Pod, first.metadata, { gracePeriodSeconds: 1 });
    await node.gone('first');
    await node.idle();
  } finally {
    await node.close();
  }
});
