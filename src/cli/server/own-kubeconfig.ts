/** With which of its kubeconfigs somebody uses the embedded server: root's, or that of a member of group kf. */

import { accessSync, constants, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { notAllowed } from './not-allowed.ts';
import type { ServerInfo } from './server-file.ts';

/** Where a member's own is; root has the server's. */
const memberKubeconfig = (home: string, name: string): string => join(home, 'users', name, 'kubeconfig');

/** @throws CliError in two lines: what is missing, the command */
export async function ownKubeconfig({
  dataDir,
  kubeconfig,
}: Pick<ServerInfo, 'dataDir' | 'kubeconfig'>): Promise<string> {
  const own = ownPath(dataDir);
  const found = [own, kubeconfig].find((path) => path !== undefined && mayRead(path));
  if (found === undefined) throw new CliError(await notAllowed(dataDir));
  return found;
}

/** The Space of a member's own; undefined for root, and where there is none. */
export function ownSpace(home: string): string | undefined {
  const path = ownPath(home);
  if (path === undefined) return undefined;
  try {
    const config = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly contexts?: readonly { readonly context?: { readonly namespace?: string } }[];
    };
    return config.contexts?.[0]?.context?.namespace;
  } catch {
    return undefined;
  }
}

function ownPath(home: string): string | undefined {
  if (process.getuid?.() === 0) return undefined;
  try {
    return memberKubeconfig(home, userInfo().username);
  } catch {
    // A user without a name.
    return undefined;
  }
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
