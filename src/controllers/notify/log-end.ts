/** The last lines of a log, as much as fits into a message. */

/** Bounds of what is quoted. */
export const quotedLines = 20;
const quotedBytes = 8 * 1024;

export interface LogEnd {
  readonly lines: readonly string[];
  /** Whether the quotation begins in the middle of a line. */
  readonly cut: boolean;
}

/** Reads to the end, keeping no more than what may be quoted. */
export async function endOfLog(chunks: AsyncIterable<Uint8Array>): Promise<LogEnd> {
  let kept = Buffer.alloc(0);
  let skipped = false;
  for await (const chunk of chunks) {
    const all = Buffer.concat([kept, chunk]);
    skipped ||= all.length > quotedBytes;
    kept = all.subarray(Math.max(0, all.length - quotedBytes));
  }
  return quoted(kept, skipped);
}

/** @param cut whether something came before these bytes */
function quoted(bytes: Buffer, cut: boolean): LogEnd {
  // What is no valid UTF-8 becomes U+FFFD; a character that the cut went through goes.
  const text = new TextDecoder().decode(cut ? bytes.subarray(characterStart(bytes)) : bytes);
  const lines = text.replace(/\n$/, '').split('\n');
  const last = lines.slice(-quotedLines);
  return { lines: text === '' ? [] : last, cut: cut && last.length === lines.length };
}

function characterStart(bytes: Buffer): number {
  let start = 0;
  while (start < 3 && start < bytes.length && (bytes[start]! & 0xc0) === 0x80) start++;
  return start;
}
