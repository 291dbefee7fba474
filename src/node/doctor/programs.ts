/** The programs of the machine that the server calls, and the Debian packages that hold them. */

import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { RunCommand } from '../host/run-command.ts';
import { findProgram } from '../runtime/find-programs.ts';
import { type Check, check } from './check.ts';
import lists from './programs.json' with { type: 'json' };

interface Program {
  readonly program: string;
  readonly package: string;
  readonly why: string;
}

const programs: readonly Program[] = lists.server;
/** The server works without these; images are then only those of the host stack. */
const optional: readonly Program[] = lists.optional;

/** How each tells its version, where it does. */
const versionArguments: Readonly<Record<string, readonly string[]>> = {
  runc: ['--version'],
  conmon: ['--version'],
  catatonit: ['--version'],
  ip: ['-Version'],
  'iptables-restore': ['--version'],
  mount: ['--version'],
  losetup: ['--version'],
  nsenter: ['--version'],
  skopeo: ['--version'],
  buildah: ['--version'],
};

/** These the server looks for by itself; it calls the others by name. */
const foundByServer = ['runc', 'crun', 'conmon', 'catatonit'];

/** Its path; folders for administrators are looked through too, which a user's PATH may lack. */
export async function findOnPath(program: string, path = process.env.PATH ?? ''): Promise<string | undefined> {
  if (foundByServer.includes(program)) return findProgram(program);
  for (const folder of [...path.split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']) {
    const candidate = join(folder, program);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && found) return candidate;
  }
  return undefined;
}

export const installCommand = (packages: readonly string[]): string =>
  `apt-get install -y --no-install-recommends ${packages.join(' ')}`;

export function programChecks(run: RunCommand): readonly Check[] {
  return [...programs, ...optional].map((program) =>
    check(program.program, async () => {
      const path = await findOnPath(program.program);
      const fix = installCommand([program.package]);
      const without = optional.includes(program) ? { optional: true, offered: true } : {};
      if (path === undefined) return { ok: false, detail: `missing; it ${program.why}`, fix, ...without };
      const version = await versionOf(run, path, versionArguments[program.program]);
      return { ok: true, detail: version === '' ? path : `${path}, ${version}` };
    }),
  );
}

async function versionOf(run: RunCommand, path: string, args: readonly string[] | undefined): Promise<string> {
  if (args === undefined) return '';
  // To say its version, buildah 1.39 makes a folder .config in the home of whoever asks; a place that is named it takes as it is.
  const out = await run('env', ['XDG_CONFIG_HOME=/', path, ...args]);
  return out.trim().split('\n')[0] ?? '';
}
