/** The helper programs that running containers takes, and what to type when one is missing. */

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const helperFolders = [...folders, '/usr/libexec/podman', '/usr/lib/podman', '/usr/libexec/catatonit'];

/** Programs that are not there, and the Debian packages that bring them. */
export class ProgramsMissing extends Error {
  override readonly name = 'ProgramsMissing';
  constructor(readonly packages: readonly string[]) {
    super(`missing on this machine: ${packages.join(', ')}; install with: apt-get install ${packages.join(' ')}`);
  }
}

export function findProgram(name: string): string | undefined {
  return helperFolders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface FoundPrograms {
  /** OCI runtimes, the preferred one first. */
  readonly runtimes: readonly string[];
  readonly conmon: string;
  readonly init: string;
}

/** @throws ProgramsMissing */
export function findPrograms(): FoundPrograms {
  const runtimes = ['crun', 'runc'].map(findProgram).filter((path) => path !== undefined);
  const conmon = findProgram('conmon');
  const init = findProgram('catatonit');
  const missing = [
    ...(runtimes.length === 0 ? ['runc'] : []),
    ...(conmon === undefined ? ['conmon'] : []),
    ...(init === undefined ? ['catatonit'] : []),
  ];
  if (missing.length > 0) throw new ProgramsMissing(missing);
  return { runtimes, conmon: conmon!, init: init! };
}
