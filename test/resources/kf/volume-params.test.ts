import { describe, expect, test } from 'vitest';
import { neverAllowed } from '../../../src/resources/host-path.ts';
import { overlap, readMountParams, readVolumeParams } from '../../../src/resources/kf/volume-params.ts';

describe('the parameters of a volume', () => {
  test.each([
    [{ path: '/srv/backups/' }, { path: '/srv/backups' }],
    [{ path: '/srv//a/./b' }, { path: '/srv/a/b' }],
    [{ capacity: '10Gi' }, { capacity: '10Gi' }],
    [{ capacity: '10G' }, { capacity: '10Gi' }],
    [{ capacity: 33_554_432 }, { capacity: '33554432' }],
  ])('%j', (params, expected) => expect(readVolumeParams(params)).toEqual(expected));

  test.each([
    [{}, 'expected exactly one of path and capacity'],
    [{ path: '/a', capacity: '1Gi' }, 'expected exactly one of path and capacity'],
    [{ path: 'srv' }, 'path: "srv" must be an absolute path'],
    [{ path: '/srv/../etc' }, 'must not contain ".."'],
    [{ path: 7 }, 'must be an absolute path'],
    [{ capacity: 'lots' }, 'capacity: "lots" must be a size of at least 16Mi'],
    [{ capacity: '1Mi' }, 'at least 16Mi'],
    [{ capacity: '1e400' }, 'at least 16Mi'],
    [{ share: 'nfs' }, 'unknown parameter "share"; there are: path, capacity'],
  ])('%j is refused', (params, message) => expect(() => readVolumeParams(params)).toThrow(message));
});

describe('the parameters of a mount', () => {
  test.each([
    [{ mount: '/data' }, { mount: '/data', readOnly: false }],
    [
      { mount: '/home/vcap/app/data/', readonly: true },
      { mount: '/home/vcap/app/data', readOnly: true },
    ],
  ])('%j', (params, expected) => expect(readMountParams(params)).toEqual(expected));

  test.each([
    [{}, 'mount is missing'],
    [{ mount: 'data' }, 'must be an absolute path'],
    [{ mount: '/' }, 'belongs to the system'],
    [{ mount: '/etc/x' }, 'belongs to the system'],
    [{ mount: '/home/vcap/app' }, 'belongs to the system'],
    [{ mount: '/a:b' }, 'must not contain ":"'],
    [{ mount: '/a', readonly: 'yes' }, 'readonly: "yes" must be true or false'],
    [{ mount: '/a', mode: 'rw' }, 'unknown parameter "mode"'],
  ])('%j is refused', (params, message) => expect(() => readMountParams(params)).toThrow(message));

  test('mounts within one another hide files', () => {
    expect([overlap('/a', '/a'), overlap('/a', '/a/b'), overlap('/a/b', '/a')]).toEqual([true, true, true]);
    expect([overlap('/a', '/ab'), overlap('/a/b', '/a/c')]).toEqual([false, false]);
  });
});

test.each([
  ['/', true],
  ['/etc/ssl', true],
  ['/var/lib/kf', true],
  ['/var/lib/kf/logs', true],
  ['/var', true],
  ['/var/lib/kfx', false],
  ['/srv/../etc', true],
  ['/srv', false],
])('%s is never a volume: %s', (path, refused) =>
  expect(neverAllowed(path, ['/var/lib/kf']) !== undefined).toBe(refused),
);
