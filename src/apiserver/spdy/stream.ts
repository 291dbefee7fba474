/** One stream of a SPDY connection: both directions, each ended by itself. */

import { Duplex } from 'node:stream';
import type { Headers } from './header-block.ts';

/** What a stream asks of its connection. */
export interface StreamWriter {
  data(streamId: number, bytes: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  reset(streamId: number): void;
}

export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #writer: StreamWriter;
  #wanted: (() => void) | undefined;
  #inputEnded = false;

  constructor(id: number, headers: Headers, writer: StreamWriter) {
    super({ allowHalfOpen: true, autoDestroy: false, emitClose: true });
    this.id = id;
    this.headers = headers;
    this.#writer = writer;
    this.on('error', () => {});
  }

  /** Bytes that the peer has sent. Resolves when more may come; at once unless the reader is behind. */
  async receive(bytes: Buffer, fin: boolean): Promise<void> {
    if (this.#inputEnded || this.destroyed) return;
    const enough = bytes.length > 0 && !this.push(bytes);
    if (fin) this.endInput();
    else if (enough)
      await new Promise<void>((resolve) => {
        this.#wanted = resolve;
      });
  }

  endInput(): void {
    if (this.#inputEnded || this.destroyed) return;
    this.#inputEnded = true;
    this.push(null);
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#writer.data(this.id, bytes, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#writer.data(this.id, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this._read();
    if (!this.writableFinished) this.#writer.reset(this.id);
    done(error);
  }
}
