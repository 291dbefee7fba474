import { describe, expect, it } from 'vitest';
import { parseHierarchies, unescapeMountinfo } from '../../../src/node/cgroup/hierarchies.ts';

const v1 = [
  '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '36 31 0:32 / /mnt/memory rw,relatime - cgroup cgroup rw,memory',
  '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd',
].join('\n');
const unifiedLine = '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw';
const v2 = '41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate';
const own = [
  '12:cpu,cpuacct:/system.slice/kf.service',
  '4:memory:/odd:name',
  '3:net_cls:/',
  '1:name=systemd:/',
  '0::/user.slice',
].join('\n');

describe('parseHierarchies', () => {
  it('reads version 1, each hierarchy once, with this process’s own cgroup', () => {
    const { version, v1: found, unified } = parseHierarchies(v1, own);
    expect(version).toBe(1);
    expect(unified).toBeUndefined();
    expect(found).toEqual([
      {
        mountpoint: '/sys/fs/cgroup/cpu,cpuacct',
        controllers: ['cpu', 'cpuacct'],
        ownPath: '/system.slice/kf.service',
      },
      { mountpoint: '/sys/fs/cgroup/memory', controllers: ['memory'], ownPath: '/odd:name' },
      { mountpoint: '/sys/fs/cgroup/systemd', controllers: ['name=systemd'], ownPath: '/' },
    ]);
  });

  it('reads a hybrid machine as version 1 with a unified hierarchy', () => {
    const { version, unified } = parseHierarchies(`${v1}\n${unifiedLine}`, own);
    expect(version).toBe(1);
    expect(unified).toEqual({ mountpoint: '/sys/fs/cgroup/unified', controllers: [], ownPath: '/user.slice' });
  });

  it('reads version 2, whatever limitless v1 hierarchy is mounted beside it', () => {
    const netCls = '50 31 0:40 / /mnt/net_cls rw - cgroup net_cls rw,net_cls';
    const { version, v1: found, unified } = parseHierarchies(`${v2}\n${netCls}`, own);
    expect({ version, found }).toEqual({ version: 2, found: [] });
    expect(unified?.mountpoint).toBe('/sys/fs/cgroup');
  });

  it('says so when there are none', () => {
    expect(() => parseHierarchies('1 1 0:1 / / rw - ext4 /dev/vda rw', own)).toThrow('no cgroups');
  });
});

it('unescapeMountinfo gives the path as it is', () => {
  expect(unescapeMountinfo('/a\\040b\\134c')).toBe('/a b\\c');
});
