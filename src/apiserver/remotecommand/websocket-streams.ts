/**
 * A command's streams over WebSocket, as `v5.channel.k8s.io` and `v4.channel.k8s.io` have them: each message is the number
 * of a channel and bytes. Version 5 can also close a channel, which is how a client ends standard input.
 */

import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { badRequest, type Status } from '../../resources/status.ts';
import type { Upgrade } from '../http/exchange.ts';
import { offeredProtocols, openWebSocket } from '../http/streams/websocket.ts';
import { type RemoteStreams, Sizes, type StreamOptions } from './remote-streams.ts';

/** In the order in which we like them. */
const webSocketProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Bytes of a message. Clients send some ten thousand. */
const maxPayload = 4 << 20;
/** Milliseconds between two pings while nothing is read from the client: otherwise nobody would notice that it went. */
const pingInterval = 1_000;
/** Milliseconds for which a client may leave the closing unanswered. */
const closePatience = 2_000;

/** @throws StatusError BadRequest when the client speaks none of our protocols */
export function protocolOf(req: IncomingMessage): string {
  const offered = offeredProtocols(req);
  const found = webSocketProtocols.find((name) => offered.includes(name));
  if (found === undefined)
    throw badRequest(
      `unable to upgrade: the client speaks ${JSON.stringify(offered.join(', '))}, this server ${webSocketProtocols.join(', ')}`,
    );
  return found;
}

/** Answers the upgrade. @throws StatusError BadRequest before it is answered */
export async function openWebSocketStreams(
  req: IncomingMessage,
  upgrade: Upgrade,
  options: StreamOptions,
): Promise<RemoteStreams> {
  const protocol = protocolOf(req);
  return new WebSocketStreams(await openWebSocket(req, upgrade, { protocol, maxPayload }), options);
}

class WebSocketStreams implements RemoteStreams {
  readonly stdin: PassThrough | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly #socket: WebSocket;
  readonly #sizes = new Sizes();
  readonly #gone = new AbortController();
  readonly #pings: NodeJS.Timeout;

  constructor(socket: WebSocket, { stdin, stdout, stderr }: StreamOptions) {
    this.#socket = socket;
    this.stdin = stdin ? new PassThrough() : undefined;
    this.stdout = stdout ? this.#output(channels.stdout) : undefined;
    this.stderr = stderr ? this.#output(channels.stderr) : undefined;
    socket.on('message', (data) => this.#take(data));
    // What it has to say, 'close' says too.
    socket.on('error', () => {});
    socket.once('close', () => this.#over());
    this.#pings = setInterval(() => this.#ping(), pingInterval).unref();
    // As the kubelet greets: the connection stands.
    socket.send(Buffer.of(stdout || !stderr ? channels.stdout : channels.stderr));
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  onResize(listener: Parameters<RemoteStreams['onResize']>[0]): void {
    this.#sizes.listen(listener);
  }

  async finish(status: Status): Promise<void> {
    if (this.gone.aborted) return;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.send(Buffer.concat([Buffer.of(channels.error), Buffer.from(JSON.stringify(status))]));
    // Input that is still being sent is read to its end.
    this.stdin?.resume();
    this.#socket.resume();
    this.#socket.close(1000);
    const late = setTimeout(() => this.#socket.terminate(), closePatience);
    await closed;
    clearTimeout(late);
  }

  #take(data: RawData): void {
    const message = data as Buffer;
    const [channel, closed] = message;
    if (channel === channels.stdin) this.#feed(message.subarray(1));
    else if (channel === channels.resize) this.#sizes.put(message.toString('utf8', 1));
    else if (channel === channels.close && closed === channels.stdin) this.stdin?.end();
  }

  /** Reads no more from the client than the command takes. */
  #feed(bytes: Buffer): void {
    const { stdin } = this;
    if (stdin === undefined || stdin.writableEnded || stdin.destroyed || bytes.length === 0) return;
    if (stdin.write(bytes)) return;
    this.#socket.pause();
    stdin.once('drain', () => this.#socket.resume());
  }

  #output(channel: number): Writable {
    const prefix = Buffer.of(channel);
    return new Writable({
      write: (chunk: Buffer, _, done) => this.#socket.send(Buffer.concat([prefix, chunk]), done),
    }).on('error', () => {});
  }

  #ping(): void {
    if (this.#socket.isPaused) this.#socket.ping();
  }

  #over(): void {
    clearInterval(this.#pings);
    this.#gone.abort();
    this.stdin?.end();
  }
}
