import { expect, test } from 'vitest';
import { mountsBelowUsr, nodeOutsideUsr } from '../../../src/node/rootfs/host-files.ts';

test.each([
  ['/usr/bin/node', undefined],
  ['/usr/local/bin/node', undefined],
  [
    '/root/.nvm/versions/node/v22.1.0/bin/node',
    { source: '/root/.nvm/versions/node/v22.1.0', destination: '/opt/node' },
  ],
  ['/opt/tools/node', { source: '/opt/tools/node', destination: '/opt/node/bin/node' }],
  ['/bin/node', { source: '/bin/node', destination: '/opt/node/bin/node' }],
])('the prefix of %s', (path, expected) => {
  expect(nodeOutsideUsr(path)).toEqual(expected);
});

test('file systems that are mounted below /usr', () => {
  const line = (point: string): string => `30 1 8:1 / ${point} rw - ext4 /dev/sda1 rw`;
  const text = ['/', '/usr', '/usr/local', '/usr/my\\040files', '/usrx', '/usr/local'].map(line).join('\n');
  expect(mountsBelowUsr(text)).toEqual(['/usr/local', '/usr/my files']);
});
