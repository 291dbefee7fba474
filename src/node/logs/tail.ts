/** Finding the last lines of a log without reading all of it. */

import { parseHead } from './cri.ts';
import type { OpenLog } from './open-log.ts';

const blockSize = 64 * 1024;
const newline = 0x0a;

export interface TailStart {
  /** Where to begin reading. */
  readonly offset: number;
  /** Lines from there to the end; fewer than asked for when the file has no more. */
  readonly lines: number;
}

/** Where the last `lines` lines of output begin. An unfinished last line counts as one. */
export async function tailStart(file: OpenLog, lines: number, stream?: 'stdout' | 'stderr'): Promise<TailStart> {
  const { size } = await file.stat();
  if (lines <= 0) return { offset: size, lines: 0 };
  let found = 0;
  /** Whether a line is open at the point that the walk has reached. */
  let inLine = false;
  for await (const { start, bytes } of entriesBackwards(file, size)) {
    const head = parseHead(bytes, 0, bytes.length - 1);
    if (head === undefined || (stream !== undefined && head.stream !== stream)) continue;
    if (!head.partial || !inLine) {
      if (found === lines) return { offset: start + bytes.length, lines: found };
      found++;
      inLine = true;
    }
  }
  return { offset: 0, lines: found };
}

interface RawEntry {
  readonly start: number;
  /** With its newline. */
  readonly bytes: Buffer;
}

async function* entriesBackwards(file: OpenLog, size: number): AsyncGenerator<RawEntry> {
  let end = size;
  let tail: Buffer = Buffer.alloc(0);
  while (end > 0) {
    const start = Math.max(0, end - blockSize);
    const block = Buffer.alloc(end - start);
    await file.read(block, 0, block.length, start);
    let bytes = Buffer.concat([block, tail]);
    for (;;) {
      // The newline that ends the entry before the last one.
      const before = bytes.length < 2 ? -1 : bytes.lastIndexOf(newline, bytes.length - 2);
      if (before < 0) break;
      if (bytes[bytes.length - 1] === newline) yield { start: start + before + 1, bytes: bytes.subarray(before + 1) };
      bytes = bytes.subarray(0, before + 1);
    }
    tail = bytes;
    end = start;
  }
  if (tail.length > 0) yield { start: 0, bytes: tail };
}
