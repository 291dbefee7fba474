/** Compresses one log that nobody writes any more: a crash leaves it as it was, or compressed, or for a moment both. */

import type { Stats } from 'node:fs';
import { type FileHandle, open, rm, unlink } from 'node:fs/promises';
import { renameDurably } from '../../files/durable.ts';
import { blockBytes, packBlock } from './compressed-log.ts';
import { compressedSuffix } from './open-log.ts';

export const unfinishedSuffix = '.tmp';

export interface CompressOptions {
  /** Called after every block: waits here to spare the machine. Throws to give up. */
  readonly rest: () => Promise<void>;
  /** Whether the log may go at this moment. */
  readonly mayReplace: () => boolean;
}

/** What fits into one block of the disk takes no less when it is compressed. */
const worthwhile = 4096;

/** Whether it is compressed now. @throws ENOENT, what the file system says, what `rest` throws; then nothing has changed */
export async function compressLog(path: string, { rest, mayReplace }: CompressOptions): Promise<boolean> {
  const temporary = path + compressedSuffix + unfinishedSuffix;
  const log = await open(path, 'r');
  try {
    const before = await log.stat();
    if (before.size <= worthwhile) return false;
    await writeCompressed(log, temporary, before, rest);
    const after = await log.stat();
    // A line was added meanwhile.
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || !mayReplace()) return false;
    await renameDurably(temporary, path + compressedSuffix);
    await unlink(path);
    return true;
  } finally {
    await log.close();
    await rm(temporary, { force: true });
  }
}

async function writeCompressed(
  log: FileHandle,
  path: string,
  { mode, size, birthtimeMs, atime, mtime }: Stats,
  rest: () => Promise<void>,
): Promise<void> {
  const file = await open(path, 'w', mode & 0o777);
  try {
    const block = Buffer.allocUnsafe(blockBytes);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await log.read(block, 0, blockBytes, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      await file.writeFile(await packBlock(block.subarray(0, bytesRead), birthtimeMs));
      await rest();
    }
    await file.utimes(atime, mtime);
    await file.sync();
  } finally {
    await file.close();
  }
}
