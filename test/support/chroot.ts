/** Whether this process lives in a chroot: what enters a mount namespace then ends outside of it, as `runc exec` does. */

import { execFileSync } from 'node:child_process';

export const inChroot = (): boolean => {
  const pid = String(process.pid);
  const root = execFileSync('nsenter', ['-t', pid, '-m', 'readlink', `/proc/${pid}/root`], { encoding: 'utf8' });
  return root.trim() !== '/';
};
