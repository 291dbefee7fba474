/** A client of SPDY/3.1 as kubectl is one: opens the connection, streams on it, and keeps what comes. */

import { once } from 'node:events';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { constants, createDeflate } from 'node:zlib';
import { dictionary } from '../../../src/apiserver/spdy/dictionary.ts';
import { dataHead, type Frame, FrameParser, synStream } from '../../../src/apiserver/spdy/frames.ts';
import { formatHeaders } from '../../../src/apiserver/spdy/header-block.ts';

export interface SpdyServer {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

/** Headers compressed as one stream, as Go does it. */
export class DeflatingWriter {
  readonly #deflate = createDeflate({ dictionary, level: constants.Z_BEST_COMPRESSION });
  #parts: Buffer[] = [];

  constructor() {
    this.#deflate.on('data', (part: Buffer) => this.#parts.push(part));
  }

  async write(headers: Readonly<Record<string, string>>): Promise<Buffer> {
    this.#parts = [];
    this.#deflate.write(formatHeaders(new Map(Object.entries(headers))));
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    return Buffer.concat(this.#parts);
  }
}

export class SpdyClient {
  readonly frames: Frame[] = [];
  readonly socket: Socket;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<unknown>;
  readonly headers = new DeflatingWriter();
  readonly #looks = new Set<() => void>();
  readonly #types = new Map<string, number>();
  #nextId = 1;

  private constructor(socket: Socket, head: Buffer) {
    this.socket = socket;
    this.closed = once(socket, 'close');
    const parser = new FrameParser();
    const take = (chunk: Buffer): void => {
      this.frames.push(...parser.parse(chunk));
      for (const look of this.#looks) look();
    };
    take(head);
    socket.on('data', take).on('error', () => {});
  }

  /** @throws the answer's body where the change of protocols is refused */
  static open(
    { url, ca, token }: SpdyServer,
    path: string,
    protocols: readonly string[] = ['v4.channel.k8s.io', 'v3.channel.k8s.io'],
  ): Promise<SpdyClient> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url + path, {
        method: 'POST',
        ca,
        agent: false,
        servername: 'localhost',
        headers: {
          Authorization: `Bearer ${token}`,
          Connection: 'Upgrade',
          Upgrade: 'SPDY/3.1',
          'X-Stream-Protocol-Version': [...protocols],
          'Content-Length': '0',
        },
      });
      outgoing.on('error', reject);
      outgoing.on('upgrade', (_, socket, head) => resolve(new SpdyClient(socket as Socket, head)));
      outgoing.on('response', async (response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        reject(new Error(body));
      });
      outgoing.end();
    });
  }

  /** Resolves as soon as it is so. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  /** Opens a stream, and waits for the answer, as Go's client does before the next one. */
  async stream(streamtype: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#types.set(`${streamtype}${headers.requestid ?? ''}`, id);
    this.socket.write(synStream(id, await this.headers.write({ streamtype, ...headers })));
    await this.until(() => this.frames.some((frame) => frame.type === 'synReply' && frame.streamId === id));
    return id;
  }

  send(streamtype: string, text: string | Buffer, fin = false): void {
    const bytes = Buffer.from(text);
    this.socket.write(Buffer.concat([dataHead(this.#types.get(streamtype)!, bytes.length, fin), bytes]));
  }

  /** What has come on a stream. */
  text(streamtype: string): string {
    const id = this.#types.get(streamtype);
    const parts = this.frames.flatMap((frame) => (frame.type === 'data' && frame.streamId === id ? [frame.bytes] : []));
    return Buffer.concat(parts).toString();
  }

  /** Resolves at the end of a stream. */
  ended(streamtype: string): Promise<void> {
    const id = this.#types.get(streamtype);
    return this.until(() => this.frames.some((frame) => frame.type === 'data' && frame.streamId === id && frame.fin));
  }
}
