/** Reads whole lines out of a CRI log file, from a place to which a later reading can come back. */

import { parseHead } from '../logs/cri.ts';
import { type OpenLog, openLog } from '../logs/open-log.ts';

export interface ReadLine {
  readonly stream: 'stdout' | 'stderr';
  /** As conmon wrote it. */
  readonly time: string;
  readonly message: string;
  readonly partial?: true;
}

export interface LinesRead {
  readonly lines: readonly ReadLine[];
  /** Where the next reading begins: everything before it has been given. */
  readonly next: number;
  /** Whether the file went on beyond what was read. */
  readonly more: boolean;
}

/** Bytes of one reading; a longer line is given in parts. */
export const chunkBytes = 128 * 1024;

const newline = 0x0a;
const space = 0x20;

/**
 * @param isFinal whether nothing will be added: then an unfinished last line is given too
 * @throws ENOENT
 */
export async function readLines(path: string, offset: number, isFinal: boolean): Promise<LinesRead> {
  const file = await openLog(path);
  try {
    const bytes = await readChunk(file, offset);
    return parse(bytes, offset, { isFinal, mayBeMore: bytes.length === chunkBytes });
  } finally {
    await file.close();
  }
}

async function readChunk(file: OpenLog, offset: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
  return chunk.subarray(0, bytesRead);
}

interface OpenLine {
  readonly stream: 'stdout' | 'stderr';
  readonly time: string;
  /** Where its entries begin in the chunk, and what they hold. */
  readonly starts: number[];
  readonly parts: Buffer[];
}

/** Entries of a chunk put together to lines. Pure. */
export function parse(
  bytes: Buffer,
  offset: number,
  { isFinal, mayBeMore }: { readonly isFinal: boolean; readonly mayBeMore: boolean },
): LinesRead {
  const lines: ReadLine[] = [];
  let unfinished: OpenLine | undefined;
  let at = 0;
  const cut = (partial = true): void => {
    if (unfinished !== undefined) lines.push(lineOf(unfinished, partial));
    unfinished = undefined;
  };
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, at)) {
    const head = parseHead(bytes, at, end);
    if (head !== undefined) {
      // Whoever comes back to where the open line begins must not meet the other stream's line twice.
      if (unfinished !== undefined && unfinished.stream !== head.stream) cut();
      const content = bytes.subarray(head.content, end);
      if (unfinished === undefined) {
        const time = bytes.toString('latin1', at, bytes.indexOf(space, at));
        unfinished = { stream: head.stream, time, starts: [at], parts: [content] };
      } else {
        unfinished.starts.push(at);
        unfinished.parts.push(content);
      }
      if (!head.partial) {
        lines.push(lineOf(unfinished, false));
        unfinished = undefined;
      }
    } else if (end > at) {
      cut();
      lines.push({ stream: 'stderr', time: '', message: bytes.toString('utf8', at, end) });
    }
    at = end + 1;
  }
  const isEnd = isFinal && !mayBeMore;
  if (unfinished !== undefined && isEnd) cut(false);
  else if (unfinished !== undefined && mayBeMore && unfinished.starts[0] === 0) {
    // A line that fills the chunk has to be given in parts, or it would never be.
    at = shorten(unfinished) ?? at;
    cut();
  }
  if (isEnd && at < bytes.length) {
    lines.push({ stream: 'stderr', time: '', message: bytes.toString('utf8', at) });
    at = bytes.length;
  } else if (at === 0 && mayBeMore) {
    lines.push({ stream: 'stderr', time: '', message: bytes.toString('utf8'), partial: true });
    at = bytes.length;
  }
  return { lines, next: offset + (unfinished?.starts[0] ?? at), more: mayBeMore };
}

/**
 * Leaves those of its last entries for later that would cut a character of UTF-8 in two.
 * @returns where the first of them begins; undefined when none is left, or every entry ends within a character
 */
function shorten({ starts, parts }: OpenLine): number | undefined {
  const whole = parts.findLastIndex(endsWhole) + 1;
  if (whole === 0 || whole === parts.length) return undefined;
  parts.splice(whole);
  return starts[whole];
}

/** Whether the last character is complete, as far as these bytes tell. */
function endsWhole(bytes: Buffer): boolean {
  let back = 1;
  while (back < 4 && back < bytes.length && (bytes.at(-back)! & 0xc0) === 0x80) back++;
  const first = bytes.at(-back) ?? 0;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return back >= length;
}

const lineOf = ({ stream, time, parts }: OpenLine, partial: boolean): ReadLine => ({
  stream,
  time,
  message: (parts.length === 1 ? parts[0]! : Buffer.concat(parts)).toString('utf8'),
  ...(partial ? { partial } : {}),
});
