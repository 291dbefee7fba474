/** Whether this process lives in a chroot: what enters its mount namespace then ends outside of it, as an OCI exec does. */

import { runCommand } from './run-command.ts';

export async function isInChroot(): Promise<boolean> {
  const pid = String(process.pid);
  // As it is called from the root of the namespace.
  const root = await runCommand('nsenter', ['-t', pid, '-m', 'readlink', `/proc/${pid}/root`]);
  return root.trim() !== '/';
}
