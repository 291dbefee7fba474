/** What a task can read of the host, compared with the list in fixtures/visible.txt. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from '../node/support/test-node.ts';

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

const list = readFileSync(join(import.meta.dirname, 'fixtures/visible.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const allowed = new RegExp(`^(${list.join('|')})$`);

test('files and folders', async () => {
  // Everything but the kernel's own file systems and /usr, which is the host's on purpose; there the hidden parts count.
  const pod = await node.shell(
    'visible',
    'find / -xdev -path /usr -prune -o -print 2>/dev/null; find /usr/local/etc /usr/local/src /home /tmp /var /run /root /opt /mnt /srv 2>/dev/null',
  );
  await node.finished('visible');
  const seen = [...new Set((await node.log(pod)).trim().split('\n'))].sort();
  expect(seen.filter((path) => !allowed.test(path))).toEqual([]);
  expect(seen).toContain('/etc/passwd');
});

test('mounts', async () => {
  const pod = await node.shell('mounts', 'cut -d" " -f5 /proc/self/mountinfo | sort');
  await node.finished('mounts');
  const points = [...new Set((await node.log(pod)).trim().split('\n'))];
  expect(points.filter((point) => !expectedMounts.test(point))).toEqual([]);
});

const expectedMounts =
  /^\/(proc(\/.*)?|dev(\/.*)?|sys(\/.*)?|usr(\/.*)?|etc\/(hosts|hostname|resolv\.conf)|home\/vcap|tmp|var\/tmp|\.kf-init|opt\/node)?$/;

test('secrets of the host, devices, other processes', async () => {
  const probes = [
    'cat /etc/shadow',
    'cat /etc/ssl/private/*',
    'ls /root',
    'ls /var/lib/kf',
    'cat /proc/kcore',
    'cat /proc/keys',
    'mount -t tmpfs none /tmp',
    'unshare -r true',
    'chroot / true',
    'su -c true',
    'mknod /tmp/disk b 8 0',
    'head -c1 /dev/mem',
    'echo 1 > /proc/sys/kernel/panic',
    'echo c > /proc/sysrq-trigger',
    'dmesg',
  ];
  const script = probes.map(
    (probe) => `if out=$(${probe} 2>/dev/null) && [ -n "$out" ]; then echo 'READ: ${probe}'; fi`,
  );
  const commands = probes
    .filter((probe) => /^(mount|unshare|chroot|su|mknod|echo)/.test(probe))
    .map((probe) => `if ${probe} 2>/dev/null; then echo 'DONE: ${probe}'; fi`);
  const pod = await node.shell(
    'secrets',
    [...script, ...commands, 'ps -e -o pid= | wc -l; grep Cap /proc/self/status'].join('\n').replaceAll('$(', '$$('),
  );
  await node.finished('secrets');
  const text = await node.log(pod);
  expect(text).not.toMatch(/READ|DONE/);
  expect(Number(/^\s*(\d+)$/m.exec(text)?.[1])).toBeLessThan(8);
  expect([...text.matchAll(/^Cap\w+:\s+(\w+)$/gm)].map(([, bits]) => Number.parseInt(bits!, 16))).toEqual([
    0, 0, 0, 0, 0,
  ]);
});
