/**
 * The CRI log format, as conmon writes it: `TIME STREAM TAG CONTENT`, one entry per line. Tag F ends a line of the
 * container's output; tag P is a part of one that goes on in the stream's next entry, or never ended.
 */

const newline = 0x0a;
const space = 0x20;
const tagPartial = 0x50;
const tagFull = 0x46;

export interface CriEntry {
  readonly stream: 'stdout' | 'stderr';
  readonly partial: boolean;
  /** Offset of the content in the line. */
  readonly content: number;
}

/** Length of the time that conmon writes in UTC: `2026-01-02T03:04:05.123456789+00:00`. */
const usualTime = 35;

/** Reads the head of the entry that begins at `start`; undefined when it is none, as after a full disk. */
export function parseHead(bytes: Buffer, start: number, end: number): CriEntry | undefined {
  const timeEnd = bytes[start + usualTime] === space ? start + usualTime : bytes.indexOf(space, start);
  // Both stream names have six letters.
  const tag = timeEnd + 8;
  if (timeEnd < start || tag + 1 > end || bytes[timeEnd + 7] !== space) return undefined;
  const partial = bytes[tag] === tagPartial;
  if (!partial && bytes[tag] !== tagFull) return undefined;
  const isOut = bytes[timeEnd + 4] === 0x6f; // the o of stdout, the e of stderr
  if (bytes.toString('latin1', timeEnd + 1, timeEnd + 7) !== (isOut ? 'stdout' : 'stderr')) return undefined;
  return { stream: isOut ? 'stdout' : 'stderr', partial, content: Math.min(tag + 2, end) };
}

export interface DecodeOptions {
  /** Begin every line with its time and a space. */
  readonly timestamps?: boolean;
  readonly stream?: 'stdout' | 'stderr';
  /** RFC 3339: drop what is older. */
  readonly sinceTime?: string;
}

/** Bytes of one stream that may be held back while a line of the other is unfinished. */
const mostHeld = 1 << 20;

/**
 * Turns entries back into the container's output, byte by byte. A line of one stream is not broken by the other's
 * output, as long as that does not make anyone wait.
 */
export class CriDecoder {
  readonly #options: DecodeOptions;
  readonly #since: string | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #out: Buffer = Buffer.alloc(0);
  #length = 0;
  /** The stream whose line is unfinished. */
  #open: string | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(options: DecodeOptions = {}) {
    this.#options = options;
    this.#since = options.sinceTime === undefined ? undefined : comparable(options.sinceTime);
  }

  /** The output in `chunk`; an entry that it cuts off is kept for the next. */
  push(chunk: Buffer): Buffer {
    const input = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#reserve(input.length);
    let at = 0;
    for (let end = input.indexOf(newline); end >= 0; end = input.indexOf(newline, at)) {
      this.#entry(input, at, end);
      at = end + 1;
    }
    this.#rest = Buffer.from(input.subarray(at));
    return this.#take();
  }

  /** What was held back: nothing more comes for now. */
  flush(): Buffer {
    this.#release();
    return this.#take();
  }

  #entry(input: Buffer, start: number, end: number): void {
    const head = parseHead(input, start, end);
    if (head === undefined) {
      // Not lost, whatever it is.
      this.#append(input, start, end + 1);
      return;
    }
    const { stream, partial, content } = head;
    if (this.#options.stream !== undefined && this.#options.stream !== stream) return;
    if (this.#since !== undefined && input.toString('latin1', start, content).slice(0, usualTime) < this.#since) return;
    if (this.#open !== undefined && this.#open !== stream) {
      this.#hold(input, start, end);
      return;
    }
    if (this.#options.timestamps === true && this.#open === undefined)
      this.#append(input, start, input.indexOf(space, start) + 1);
    this.#append(input, content, partial ? end : end + 1);
    this.#open = partial ? stream : undefined;
    if (!partial) this.#release();
  }

  #hold(input: Buffer, start: number, end: number): void {
    this.#held.push(Buffer.from(input.subarray(start, end + 1)));
    this.#heldBytes += end + 1 - start;
    if (this.#heldBytes > mostHeld) this.#release();
  }

  #release(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#open = undefined;
    for (const entry of held) this.#entry(entry, 0, entry.length - 1);
  }

  #append(input: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    input.copy(this.#out, this.#length, start, end);
    this.#length += end - start;
  }

  #reserve(bytes: number): void {
    if (this.#out.length - this.#length >= bytes) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#length + bytes, this.#length * 2));
    this.#out.copy(bigger, 0, 0, this.#length);
    this.#out = bigger;
  }

  #take(): Buffer {
    const taken = this.#out.subarray(0, this.#length);
    this.#out = Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }
}

/** Times in UTC compare as text; without the zone an earlier time is also the smaller text. */
const comparable = (time: string): string => new Date(time).toISOString().replace('Z', '');
