/** While a backup reads the logs none is replaced by its compressed form: tar would find neither. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fileIn = (dataDir: string): string => join(dataDir, 'logs-held.tmp');

/** Until the returned function is called, or this process has ended. */
export function holdLogs(dataDir: string): () => void {
  writeFileSync(fileIn(dataDir), String(process.pid), { mode: 0o600 });
  return () => rmSync(fileIn(dataDir), { force: true });
}

export function logsAreHeld(dataDir: string): boolean {
  try {
    return existsSync(`/proc/${Number(readFileSync(fileIn(dataDir), 'utf8'))}`);
  } catch {
    return false;
  }
}
