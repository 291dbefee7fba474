/**
 * Whether this process lives in a chroot. What enters its mount namespace then ends outside of it, as an OCI exec does, and
 * the kernel gives it no user namespaces.
 */

import { stat } from 'node:fs/promises';
import { runCommand } from './run-command.ts';

export async function isInChroot(): Promise<boolean> {
  const own = await stat('/', { bigint: true });
  // Whoever enters a mount namespace stands in its root.
  const above = await runCommand('nsenter', ['-t', String(process.pid), '-m', 'stat', '-c', '%d:%i', '/']);
  return above.trim() !== `${own.dev}:${own.ino}`;
}
