/**
 * The server's end of a SPDY/3.1 connection. Frames are taken one after the other, and the next one only when the stream
 * that it is for has room: what a peer may make us hold is a few buffers. Windows are neither kept nor given, as clients
 * of Kubernetes (Go's spdystream) have none: TCP's own is what slows a sender down.
 */

import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import {
  dataHead,
  type Frame,
  FrameParser,
  goAway,
  goAwayCodes,
  ping,
  resetCodes,
  rstStream,
  synReply,
} from './frames.ts';
import { HeaderReader, HeaderWriter } from './header-block.ts';
import { SpdyStream, type StreamWriter } from './stream.ts';

export interface ConnectionOptions {
  /** Streams at a time; more are refused. */
  readonly maxStreams: number;
  /** Every stream that the peer opens, as soon as it has been told that it is open. */
  readonly onStream: (stream: SpdyStream) => void;
}

/** Milliseconds between two pings while nothing is read from the peer: otherwise nobody would notice that it went. */
const pingInterval = 1_000;
/** Milliseconds for which the peer may leave the closing unanswered. */
const closePatience = 2_000;

export class SpdyConnection implements StreamWriter {
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions;
  readonly #parser = new FrameParser();
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #over = new AbortController();
  readonly #pings: NodeJS.Timeout;
  #lastId = 0;
  #pingId = 0;
  /** For a stream to take what has come for it. */
  #isWaiting = false;

  /** @param head what has been read of it already */
  constructor(socket: Duplex, head: Buffer, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.once('close', () => this.#end());
    this.#pings = setInterval(() => this.#ping(), pingInterval).unref();
    void this.#run(head);
  }

  /** Fires when the peer has gone, or has been sent away. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** After what has been written. */
  async close(status: number = goAwayCodes.ok): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close').catch(() => {});
    this.#send(goAway(this.#lastId, status));
    // What still comes is read and thrown away: a connection that is closed before would take our last words with it.
    for (const stream of this.#streams.values()) stream.resume();
    this.#socket.end();
    const late = setTimeout(() => this.#socket.destroy(), closePatience);
    await closed;
    clearTimeout(late);
  }

  data(streamId: number, bytes: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (!this.#socket.writable) {
      done(new Error('the connection is closed'));
      return;
    }
    this.#socket.cork();
    const head = dataHead(streamId, bytes.length, fin);
    if (bytes.length === 0) this.#socket.write(head, done);
    else {
      this.#socket.write(head);
      this.#socket.write(bytes, done);
    }
    this.#socket.uncork();
  }

  reset(streamId: number): void {
    if (this.#streams.delete(streamId)) this.#send(rstStream(streamId, resetCodes.cancel));
  }

  async #run(head: Buffer): Promise<void> {
    try {
      await this.#take(head);
      const chunks = (this.#socket as Readable).iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const chunk of chunks) await this.#take(chunk);
      this.#socket.end();
    } catch {
      this.#socket.resume();
      await this.close(goAwayCodes.protocolError);
    }
  }

  async #take(chunk: Buffer): Promise<void> {
    for (const frame of this.#parser.parse(chunk)) await this.#handle(frame);
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'data':
        this.#isWaiting = true;
        await this.#streams.get(frame.streamId)?.receive(frame.bytes, frame.fin);
        this.#isWaiting = false;
        break;
      case 'synStream':
        await this.#open(frame);
        break;
      case 'synReply':
      case 'headers':
        // Whatever it says, the next one is compressed behind it.
        await this.#reader.read(frame.block);
        if (frame.fin) this.#streams.get(frame.streamId)?.endInput();
        break;
      case 'rstStream':
        this.#drop(frame.streamId);
        break;
      case 'ping':
        // An even one answers ours.
        if (frame.id % 2 === 1) await this.#answer(ping(frame.id));
        break;
    }
  }

  async #open({ streamId, block, fin }: Frame & { readonly type: 'synStream' }): Promise<void> {
    const headers = await this.#reader.read(block);
    if (streamId % 2 === 0 || streamId <= this.#lastId) throw new Error(`stream ${streamId} cannot be opened`);
    this.#lastId = streamId;
    if (this.#streams.size >= this.#options.maxStreams)
      return this.#answer(rstStream(streamId, resetCodes.refusedStream));
    const stream = new SpdyStream(streamId, headers, this);
    this.#streams.set(streamId, stream);
    stream.once('close', () => this.#streams.delete(streamId));
    await this.#answer(synReply(streamId, this.#writer.write(new Map())));
    if (fin) stream.endInput();
    this.#options.onStream(stream);
  }

  /** The peer wants no more of it. */
  #drop(streamId: number): void {
    const stream = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    stream?.endInput();
    stream?.destroy();
  }

  /** A server's have even numbers. */
  #ping(): void {
    if (!this.#isWaiting) return;
    this.#pingId += 2;
    this.#send(ping(this.#pingId));
  }

  #send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Answers, and reads on only when the client has taken the answer. */
  async #answer(bytes: Buffer): Promise<void> {
    this.#send(bytes);
    if (!this.#socket.writableNeedDrain) return;
    await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')]).catch(() => {});
  }

  #end(): void {
    clearInterval(this.#pings);
    this.#reader.close();
    this.#over.abort();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      stream.endInput();
      stream.destroy();
    }
  }
}
