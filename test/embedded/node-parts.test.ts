import { expect, test } from 'vitest';
import { type NodeParts, takeDown } from '../../src/embedded/node-parts.ts';

test('what fails while the node is taken down is told, and all the rest is taken down all the same', async () => {
  const stopped: string[] = [];
  const part = (name: string, fails = false) => {
    const end = async () => {
      stopped.push(name);
      if (fails) throw new Error(`${name} hangs`);
    };
    return { stop: end, close: end, suspend: end };
  };
  const parts = {
    agent: part('agent', true),
    collector: part('collector', true),
    builds: part('builds'),
    network: part('network', true),
    disk: part('disk'),
    shells: part('shells'),
    images: part('images'),
  } as unknown as NodeParts;
  const said: string[] = [];
  const client = { list: () => Promise.reject(new Error('no store')) } as never;
  await takeDown(parts, { client, instance: 'none', log: (message, error) => said.push(`${message}: ${error}`) });
  expect(stopped.sort()).toEqual(['agent', 'builds', 'collector', 'disk', 'images', 'network', 'shells']);
  expect(said).toEqual([
    'taking down the removal of what is unused: Error: collector hangs',
    'taking down the node agent: Error: agent hangs',
    'taking down the network: Error: network hangs',
  ]);
  expect(parts).toEqual({});
});
