/**
 * While a backup reads a data directory nothing goes that its copy of the store names: no image, layer or source package is
 * removed, and no log is replaced by its compressed form, for tar would find neither.
 */

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processBeginning } from '../../node/host/process-beginning.ts';

const noteOf = (pid: number): string => `backup-${pid}.tmp`;
const notePattern = /^backup-(\d+)\.tmp$/;

/** Until the returned function is called, or this process has ended. */
export function hold(dataDir: string): () => void {
  const note = join(dataDir, noteOf(process.pid));
  const part = join(dataDir, `backup-${process.pid}.part.tmp`);
  writeFileSync(part, processBeginning(process.pid) ?? '', { mode: 0o600 });
  // Whole at any moment: half of it would be nobody's.
  renameSync(part, note);
  return () => rmSync(note, { force: true });
}

/** Whether a backup is being made; what one that was killed has left is removed. */
export function isHeld(dataDir: string): boolean {
  let held = false;
  for (const name of readdirSync(dataDir)) {
    const pid = Number(notePattern.exec(name)?.[1] ?? 0);
    if (pid === 0) continue;
    const note = join(dataDir, name);
    // Its number may be another's by now.
    if (textOf(note) === processBeginning(pid)) held = true;
    else rmSync(note, { force: true });
  }
  return held;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
