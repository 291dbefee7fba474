import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { etcStamp, mountsBelowUsr, nodeOutsideUsr } from '../../../src/node/rootfs/host-files.ts';

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

test('the stamp of /etc changes with what lies deep inside, and with nothing else', () => {
  const etc = mkdtempSync(join(tmpdir(), 'etc-'));
  try {
    mkdirSync(join(etc, 'ssl/certs'), { recursive: true });
    writeFileSync(join(etc, 'ssl/certs/ca-certificates.crt'), 'one');
    writeFileSync(join(etc, 'shadow'), 'x');
    const stamps = [etcStamp(etc)];
    writeFileSync(join(etc, 'shadow'), 'xyz');
    expect(etcStamp(etc)).toBe(stamps[0]);
    writeFileSync(join(etc, 'ssl/certs/new'), 'two, as update-ca-certificates does it');
    renameSync(join(etc, 'ssl/certs/new'), join(etc, 'ssl/certs/ca-certificates.crt'));
    stamps.push(etcStamp(etc));
    symlinkSync('ca-certificates.crt', join(etc, 'ssl/certs/link'));
    stamps.push(etcStamp(etc));
    expect(new Set(stamps).size).toBe(3);
  } finally {
    rmSync(etc, { recursive: true });
  }
});
