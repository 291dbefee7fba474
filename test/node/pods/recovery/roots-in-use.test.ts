import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootsInUse } from '../../../../src/node/pods/recovery/roots-in-use.ts';
import type { PodRecord } from '../../../../src/node/pods/recovery/state-file.ts';

test('the root, what is mounted from the machine, and what lies below overlays; what was not made yet has none', () => {
  const pods = mkdtempSync(join(tmpdir(), 'roots-'));
  mkdirSync(join(pods, 'uid/build'), { recursive: true });
  const mounts = [
    { destination: '/etc', source: '/kf/stacks/host/one/etc', type: 'bind', options: ['ro', 'bind'] },
    { destination: '/x', source: 'overlay', type: 'overlay', options: ['lowerdir=/kf/layers/a:/kf/layers/b'] },
  ];
  writeFileSync(join(pods, 'uid/build/config.json'), JSON.stringify({ root: { path: '/kf/stacks/builder' }, mounts }));
  const record = { containers: { build: { id: 'x' }, next: { id: 'y' } } } as unknown as PodRecord;
  const roots = rootsInUse(pods, new Map([['uid', record]]));
  for (const path of ['/kf/stacks/builder', '/kf/stacks/host/one/etc', '/kf/layers/a', '/kf/layers/b'])
    expect(roots).toContain(path);
  rmSync(pods, { recursive: true });
});
