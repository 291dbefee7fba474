import { expect, test } from 'vitest';
import type { ContainerRun } from '../../../../src/node/pods/containers/container-run.ts';
import { ContainerStarts } from '../../../../src/node/pods/containers/container-starts.ts';
import type { ContainerWatch } from '../../../../src/node/pods/containers/container-watch.ts';
import type { PodParts } from '../../../../src/node/pods/pod-parts.ts';

const ended = { phase: 'ended', exitCode: 1, reason: 'Error', finishedAt: 0 } as const;

test('of a Pod that is being removed nothing is started, however a container has just ended', async () => {
  const runs = new Map<string, ContainerRun>([
    ['next', { phase: 'waiting' }],
    ['again', { phase: 'backoff', last: ended }],
  ]);
  let begun = 0;
  const context = { starting: { run: async () => void begun++ } };
  const processes = { discard: async () => {} };
  const place = { clearRoot: async () => {} };
  const parts = { runs, context, processes, place } as unknown as PodParts;
  const starts = new ContainerStarts(parts, {} as ContainerWatch);
  starts.start('next');
  await starts.close();
  expect(begun).toBe(1);
  starts.start('next');
  starts.restart('again');
  await starts.close();
  expect(begun).toBe(1);
  expect(runs.get('again')?.phase).toBe('backoff');
});
