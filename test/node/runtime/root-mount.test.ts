import { expect, test } from 'vitest';
import type { OciSpec } from '../../../src/node/runtime/oci.ts';
import { withoutRootMount } from '../../../src/node/runtime/root-mount.ts';

const proc = { destination: '/proc', type: 'proc', source: 'proc' };
const root = {
  destination: '/',
  type: 'overlay',
  source: 'overlay',
  options: ['nosuid', 'nodev', 'lowerdir=/b:/a', 'upperdir=/disks/1/upper', 'workdir=/disks/1/work'],
};
const spec = (mounts: OciSpec['mounts']) => ({ root: { path: '/root', readonly: true }, mounts }) as unknown as OciSpec;

test('the overlay of a root is taken out of the specification, to be mounted by the monitor', () => {
  expect(withoutRootMount(spec([root, proc]))).toEqual({
    spec: spec([proc]),
    rootMount: {
      options: 'nosuid,nodev,lowerdir=/b:/a,upperdir=/disks/1/upper,workdir=/disks/1/work',
      path: '/root',
    },
  });
});

test('without one it stays as it is', () => {
  const plain = spec([proc]);
  expect(withoutRootMount(plain)).toEqual({ spec: plain });
  expect(withoutRootMount(plain).spec).toBe(plain);
});
