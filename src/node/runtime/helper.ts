/**
 * Small shells that do what this process must not: forking a server of a hundred megabytes costs several times the
 * program that it starts, and what a shell began goes on when the server is killed. A shell whose server goes ends.
 */

import type { ChildProcess } from 'node:child_process';
import { spawnProgram } from '../host/spawn-program.ts';

export interface HelperOptions {
  /** `cgroup.procs` files of the cgroups to live in, outside of the server's own. */
  readonly procsFiles: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

const enterCgroups = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit 70; shift; done; shift;';

/**
 * Runs a script in a session of its own; 0 is its input, 3 its answers. It keeps nobody from ending.
 * @param args are `$1` and so on
 * @throws Error where no descriptors are left
 */
export function openHelper(
  { procsFiles, environment }: HelperOptions,
  shell: string,
  script: string,
  args: readonly string[] = [],
): ChildProcess {
  const child = spawnProgram(shell, ['-c', `${enterCgroups} ${script}`, 'kf-helper', ...procsFiles, '--', ...args], {
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    // A Ctrl-C meant for the server is not meant for tasks.
    detached: true,
    cwd: '/',
    env: environment,
  });
  child.unref();
  for (const stream of child.stdio) {
    stream?.on('error', () => {});
    (stream as unknown as { unref?: () => void } | null)?.unref?.();
  }
  child.once('error', () => {});
  return child;
}
