import { expect, test } from 'vitest';
import { mountsBelowUsr, nodeOutsideUsr } from '../../../src/node/rootfs/host-files.ts';

test.each([
  ['/usr/bin/node', []],
  ['/usr/local/bin/node', []],
  ['/opt/tools/node', [{ source: '/opt/tools/node', destination: '/opt/node/bin/node' }]],
  ['/bin/node', [{ source: '/bin/node', destination: '/opt/node/bin/node' }]],
  // Nothing else of a home, or of /opt.
  [
    '/home/me/bin/node',
    [
      { source: '/home/me/bin', destination: '/opt/node/bin' },
      { source: '/home/me/lib/node_modules', destination: '/opt/node/lib/node_modules' },
    ],
  ],
])('what of %s is shown', (path, expected) => {
  expect(nodeOutsideUsr(path, (folder) => !folder.includes('include'))).toEqual(expected);
});

test('file systems that are mounted below /usr', () => {
  const line = (point: string): string => `30 1 8:1 / ${point} rw - ext4 /dev/sda1 rw`;
  const text = ['/', '/usr', '/usr/local', '/usr/my\\040files', '/usrx', '/usr/local'].map(line).join('\n');
  expect(mountsBelowUsr(text)).toEqual(['/usr/local', '/usr/my files']);
});
