/** Whether this process lives in a chroot: what enters a mount namespace then ends outside of it, as `runc exec` does. */

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';

export const inChroot = (): boolean => {
  const { dev, ino } = statSync('/');
  const entered = execFileSync('nsenter', ['-t', String(process.pid), '-m', 'stat', '-c', '%d:%i', '/'], {
    encoding: 'utf8',
  });
  return entered.trim() !== `${dev}:${ino}`;
};
