/** Header blocks of SPDY/3: names and values, compressed as one stream over all frames of a connection. */

import { createInflate, type Inflate } from 'node:zlib';
import { dictionary } from './dictionary.ts';
import { SpdyError } from './frames.ts';

export type Headers = ReadonlyMap<string, string>;

/** Bytes that a block may become: a bomb ends the connection. */
const maxBlock = 64 * 1024;

export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary });
  #parts: Buffer[] = [];
  #length = 0;
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.#inflate.on('error', (error) => this.#fail(error));
    this.#inflate.on('data', (part: Buffer) => this.#take(part));
  }

  /** One after the other, in the order in which they have come. @throws SpdyError */
  async read(block: Buffer): Promise<Headers> {
    this.#parts = [];
    this.#length = 0;
    await new Promise<void>((resolve, reject) => {
      this.#fail = (error) => reject(new SpdyError(`a header block: ${error.message}`));
      if (this.#inflate.destroyed) return this.#fail(new Error('after a broken one'));
      this.#inflate.write(block, () => resolve());
    });
    return parseHeaders(Buffer.concat(this.#parts));
  }

  close(): void {
    this.#inflate.destroy();
  }

  #take(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > maxBlock) this.#inflate.destroy(new Error(`more than ${maxBlock} bytes`));
    else this.#parts.push(part);
  }
}

/** Of an inflated block. Pure. @throws SpdyError */
export function parseHeaders(bytes: Buffer): Headers {
  const headers = new Map<string, string>();
  let at = 0;
  const number = (): number => {
    if (at + 4 > bytes.length) throw new SpdyError('a header block is cut off');
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const string = (): string => {
    const length = number();
    if (at + length > bytes.length) throw new SpdyError('a header block is cut off');
    at += length;
    return bytes.toString('latin1', at - length, at);
  };
  for (let left = number(); left > 0; left--) headers.set(string().toLowerCase(), string());
  return headers;
}

/** Not compressed yet. Pure. */
export function formatHeaders(headers: Headers): Buffer {
  const parts: Buffer[] = [];
  const number = (value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    parts.push(bytes);
  };
  number(headers.size);
  for (const [name, value] of headers)
    for (const text of [name, value]) {
      const bytes = Buffer.from(text, 'latin1');
      number(bytes.length);
      parts.push(bytes);
    }
  return Buffer.concat(parts);
}

/** Without FDICT: what refers to no dictionary needs none. */
const zlibHead = Buffer.of(0x78, 0x01);

/** An empty block, as flushing leaves it: by it Go's reader knows that it has all there is so far. */
const flushMark = Buffer.of(0, 0, 0, 0xff, 0xff);

/** Writes blocks as deflate's stored ones: ours are too short for any gain, and nothing is kept. */
export class HeaderWriter {
  #begun = false;

  /** @throws RangeError for more than 64 KiB */
  write(headers: Headers): Buffer {
    const bytes = formatHeaders(headers);
    if (bytes.length > 0xffff) throw new RangeError('headers of more than 64 KiB');
    const head = Buffer.alloc(5);
    head.writeUInt16LE(bytes.length, 1);
    head.writeUInt16LE(~bytes.length & 0xffff, 3);
    const start = this.#begun ? [] : [zlibHead];
    this.#begun = true;
    return Buffer.concat([...start, head, bytes, flushMark]);
  }
}
