/**
 * While a backup reads a data directory nothing goes that its copy of the store names: no image, layer or source package is
 * removed, and no log is replaced by its compressed form, for tar would find neither.
 */

import { readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processBeginning } from '../../node/host/process-beginning.ts';

/** Until the returned function is called, or this process has ended. */
export function hold(dataDir: string): () => void {
  const note = join(dataDir, `backup-${process.pid}.tmp`);
  rmSync(note, { force: true });
  // A link that leads nowhere: there with its content or not at all, and on a full disk, too.
  symlinkSync(processBeginning(process.pid) ?? 'unknown', note);
  return () => rmSync(note, { force: true });
}

/** Whether a backup is being made; what one that was killed has left is removed. */
export function isHeld(dataDir: string): boolean {
  let held = false;
  for (const name of readdirSync(dataDir)) {
    const pid = Number(/^backup-(\d+)\.tmp$/.exec(name)?.[1] ?? 0);
    if (pid === 0) continue;
    const note = join(dataDir, name);
    // Its number may be another's by now.
    if (contentOf(note) === (processBeginning(pid) ?? '')) held = true;
    else rmSync(note, { force: true });
  }
  return held;
}

function contentOf(note: string): string | undefined {
  try {
    return readlinkSync(note);
  } catch {
    return undefined;
  }
}
