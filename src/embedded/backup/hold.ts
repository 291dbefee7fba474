/**
 * While a backup reads a data directory nothing goes that its copy of the store names: no image, layer or source package is
 * removed, and no log is replaced by its compressed form, for tar would find neither.
 */

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const noteOf = (pid: number): string => `backup-${pid}.tmp`;
const notePattern = /^backup-(\d+)\.tmp$/;

/** Until the returned function is called, or this process has ended. */
export function hold(dataDir: string): () => void {
  const note = join(dataDir, noteOf(process.pid));
  const part = join(dataDir, `backup-${process.pid}.part.tmp`);
  writeFileSync(part, beginningOf(process.pid) ?? '', { mode: 0o600 });
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
    if (textOf(note) === beginningOf(pid)) held = true;
    else rmSync(note, { force: true });
  }
  return held;
}

/** When a process began, by the kernel's clock: its number may be another's by now. Undefined when it has ended. */
function beginningOf(pid: number): string | undefined {
  // Its name, in brackets, may hold anything. See proc(5): the time is the 22nd field, the third follows the name.
  return textOf(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')[19];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
