/** As src/node/host/chroot.ts, at once: whether this process lives in a chroot. */

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';

export const inChroot = (): boolean => {
  const own = statSync('/', { bigint: true });
  const above = execFileSync('nsenter', ['-t', String(process.pid), '-m', 'stat', '-c', '%d:%i', '/'], {
    encoding: 'utf8',
  });
  return above.trim() !== `${own.dev}:${own.ino}`;
};
