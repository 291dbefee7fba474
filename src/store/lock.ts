/** Keeps a second process off one data directory: a tiny SQLite file, held locked (fcntl) as long as the process lives. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'libsql';

/** The data directory is in use; `pid` is the holder's, where it could be read. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
  constructor(
    readonly path: string,
    readonly pid: number | undefined,
  ) {
    super(`${path} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}`);
  }
}

export interface Lock {
  release(): void;
}

/**
 * Takes `<path>.lock`; the kernel drops it when the process ends, however it ends.
 * @throws LockedError
 */
export function acquireLock(path: string): Lock {
  // Beside the lock and not inside: closing any other descriptor of a locked file would drop its fcntl locks.
  const pidFile = `${path}.pid`;
  const database = new Database(`${path}.lock`);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw new LockedError(path, readPid(pidFile));
    throw error;
  }
  writePid(pidFile);
  return {
    release() {
      rmSync(pidFile, { force: true });
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

/** The pid is for messages only: a full disk must not keep the server from saying what is wrong. */
function writePid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    rmSync(path, { force: true });
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}
