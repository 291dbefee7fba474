/**
 * A command's streams over SPDY/3.1, as `v4.channel.k8s.io` has them: kubectl before 1.31, and what is built with its
 * libraries. The client opens a stream for each, and says in its header which one it is.
 */

import type { Duplex, Readable, Writable } from 'node:stream';
import { badRequest, type Status } from '../../resources/status.ts';
import { SpdyConnection } from '../spdy/connection.ts';
import type { SpdyStream } from '../spdy/stream.ts';
import { type RemoteStreams, Sizes, type StreamOptions } from './remote-streams.ts';
import { switchToSpdy } from './spdy-upgrade.ts';

export const execProtocol = 'v4.channel.k8s.io';
/** Milliseconds in which a client has to open its streams; the kubelet's. */
const openPatience = 30_000;
/** All there are, and one to spare. */
const maxStreams = 6;
/** Characters of a terminal's size that have come so far. */
const maxSizeText = 1024;

/** Answers the upgrade; resolves when all streams are open. @throws Error when the client does not open them */
export async function openSpdy(take: () => Duplex, head: Buffer, options: StreamOptions): Promise<RemoteStreams> {
  const socket = switchToSpdy(take, execProtocol);
  const wanted = [
    'error',
    ...(options.stdin ? ['stdin'] : []),
    ...(options.stdout ? ['stdout'] : []),
    ...(options.stderr ? ['stderr'] : []),
    ...(options.tty ? ['resize'] : []),
  ];
  const streams = new Map<string, SpdyStream>();
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => socket.destroy(), openPatience);
    const connection = new SpdyConnection(socket, head, {
      maxStreams,
      onStream: (stream) => {
        const type = stream.headers.get('streamtype') ?? '';
        // A stream that was not asked for, or that is there already.
        if (!wanted.includes(type) || streams.has(type)) return stream.destroy();
        streams.set(type, stream);
        if (streams.size < wanted.length) return;
        clearTimeout(late);
        resolve(new SpdyStreams(connection, streams));
      },
    });
    connection.over.addEventListener('abort', () => {
      clearTimeout(late);
      reject(badRequest('the client did not open its streams'));
    });
  });
}

class SpdyStreams implements RemoteStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly #connection: SpdyConnection;
  readonly #error: SpdyStream;
  readonly #sizes = new Sizes();

  constructor(connection: SpdyConnection, streams: ReadonlyMap<string, SpdyStream>) {
    this.#connection = connection;
    this.stdin = streams.get('stdin');
    this.stdout = streams.get('stdout');
    this.stderr = streams.get('stderr');
    this.#error = streams.get('error')!;
    // Nothing is to come on them.
    for (const name of ['stdout', 'stderr', 'error']) streams.get(name)?.resume();
    this.#readSizes(streams.get('resize'));
  }

  get gone(): AbortSignal {
    return this.#connection.over;
  }

  onResize(listener: Parameters<RemoteStreams['onResize']>[0]): void {
    this.#sizes.listen(listener);
  }

  async finish(status: Status): Promise<void> {
    this.stdin?.resume();
    await new Promise<void>((resolve) => {
      this.#error.once('close', resolve).end(JSON.stringify(status), () => resolve());
    });
    await this.#connection.close();
  }

  /** A line each. */
  #readSizes(stream: SpdyStream | undefined): void {
    let text = '';
    stream?.setEncoding('utf8').on('data', (part: string) => {
      const lines = (text + part).split('\n');
      text = lines.pop()!.slice(-maxSizeText);
      for (const line of lines) this.#sizes.put(line);
    });
  }
}
