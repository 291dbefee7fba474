/**
 * What is kept of a command in a container while it runs, in the container's bundle: what the runtime is told, and the
 * numbers of its sessions, by which a server that comes later ends what an earlier one has left behind.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cgroups } from '../cgroup/cgroup.ts';
import type { NodeContext } from '../context.ts';
import type { OciProcess } from '../runtime/oci.ts';
import { sessionOf, signalSession } from './exec-session.ts';

const prefix = 'exec-';

export class ExecFolder {
  readonly path: string;

  constructor(bundle: string) {
    this.path = mkdtempSync(join(bundle, prefix));
  }

  /** What to run. The environment may hold secrets; the bundle's folder is closed to others. */
  write(process: OciProcess): string {
    const path = join(this.path, 'process.json');
    writeFileSync(path, JSON.stringify(process), { mode: 0o600 });
    return path;
  }

  /** Appears when the command has begun. */
  get pidFile(): string {
    return join(this.path, 'pid');
  }

  /** Where the terminal's path is written. */
  get terminalFile(): string {
    return join(this.path, 'terminal');
  }

  get pid(): number | undefined {
    return numberIn(this.path, 'pid');
  }

  /** The runtime's own session, then the command's, once that is known. */
  keepSession(session: number): void {
    writeFileSync(join(this.path, 'session'), String(session));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function numberIn(folder: string, name: string): number | undefined {
  try {
    return Number(readFileSync(join(folder, name), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function sessionsIn(folder: string): readonly number[] {
  const pid = numberIn(folder, 'pid');
  const sessions = [pid, pid && sessionOf(pid), numberIn(folder, 'session')];
  return sessions.filter((session) => session !== undefined);
}

/** Ends the commands that a server before this one has left in a container: nobody is there for them any more. */
export async function endLeftCommands(
  { cgroups }: Pick<NodeContext, 'cgroups'>,
  { id, bundle }: { readonly id: string; readonly bundle: string },
): Promise<void> {
  for (const name of foldersIn(bundle)) await endCommand(cgroups, id, join(bundle, name));
}

/** Ends what is left of a command, and its folder. */
export async function endCommand(cgroups: Pick<Cgroups, 'pids'>, id: string, folder: string): Promise<void> {
  await signalSession(cgroups, id, sessionsIn(folder), ['SIGKILL']);
  rmSync(folder, { recursive: true, force: true });
}

function foldersIn(bundle: string): readonly string[] {
  try {
    return readdirSync(bundle).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}
