import { expect, test } from 'vitest';
import type { OciSpec } from '../../../src/node/runtime/oci.ts';
import { withPrivateBinds } from '../../../src/node/runtime/private-binds.ts';

test('what is mounted below a bind mount stays in the container; other mounts are its own anyway', () => {
  const proc = { destination: '/proc', type: 'proc', source: 'proc' };
  const usr = { destination: '/usr', type: 'bind', source: '/usr', options: ['bind', 'ro'] };
  const sys = { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'ro'] };
  const hidden = { destination: '/usr/local/src', type: 'tmpfs', source: 'tmpfs', options: ['ro'] };
  const spec = { mounts: [proc, usr, sys, hidden] } as unknown as OciSpec;
  expect(withPrivateBinds(spec).mounts).toEqual([
    proc,
    { ...usr, options: ['bind', 'ro', 'rprivate'] },
    { ...sys, options: ['rbind', 'ro', 'rprivate'] },
    hidden,
  ]);
});
