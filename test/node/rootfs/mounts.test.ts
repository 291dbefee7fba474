import { expect, test } from 'vitest';
import { lowerFolders, overlay } from '../../../src/node/rootfs/mounts.ts';

test('the folders below an overlay are found again, whatever stands in their names', () => {
  const lower = ['/a,b', '/c:d/e', '/f\\g', '/h'];
  const { options } = overlay('/home', { lower, upper: '/upper', work: '/work' });
  expect(lowerFolders(options!)).toEqual(lower);
  expect(lowerFolders(['bind', 'ro'])).toEqual([]);
});
