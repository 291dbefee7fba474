/**
 * `pods/portforward`: connections of the client's to ports in a Pod, over SPDY/3.1. For each connection the client opens two
 * streams with one `requestid`: one for bytes, one on which it is told what went wrong.
 */

import type { Duplex } from 'node:stream';
import type { Containers } from '../../client/containers.ts';
import { Pod, podFinished } from '../../resources/core/pod.ts';
import { errorMessage } from '../../resources/errors.ts';
import { badRequest } from '../../resources/status.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ReadApi } from '../http/read-api.ts';
import type { ResourceRequest } from '../http/request-info.ts';
import { methodNotAllowed } from '../http/respond.ts';
import { endOf } from '../http/streams/log-end.ts';
import { SpdyConnection } from '../spdy/connection.ts';
import type { SpdyStream } from '../spdy/stream.ts';
import { checkSpdyProtocol, switchToSpdy } from './spdy-upgrade.ts';

const protocol = 'portforward.k8s.io';
/** At a time; a browser opens six. */
const maxConnections = 128;

/** @throws StatusError before the upgrade is answered */
export async function servePortForward(
  { req, signal, upgrade }: Exchange,
  reads: ReadApi,
  { namespace = '', name = '' }: ResourceRequest,
  containers: Containers,
): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'POST') throw methodNotAllowed();
  const pod = (await reads.get(Pod, { namespace, name })) as Pod;
  if (pod.status?.phase !== 'Running')
    throw badRequest(`unable to forward port because pod is not running. Current status=${pod.status?.phase}`);
  // kubectl since 1.31 asks for a WebSocket first, and takes this for "the other one".
  if (upgrade === undefined || (req.headers.upgrade ?? '').toLowerCase() !== 'spdy/3.1')
    throw badRequest('Upgrade request required: SPDY/3.1');
  checkSpdyProtocol(req, protocol);
  const end = endOf(reads, Pod, pod, (latest) => podFinished(latest as Pod), signal);
  try {
    const forward = new Forward((port) => containers.connect(pod, port));
    const connection = new SpdyConnection(switchToSpdy(upgrade.take, protocol), upgrade.head, {
      maxStreams: 2 * maxConnections,
      onStream: (stream) => forward.take(stream),
    });
    const close = (): void => void connection.close();
    end.signal.addEventListener('abort', close, { once: true });
    await new Promise<void>((resolve) => connection.over.addEventListener('abort', () => resolve(), { once: true }));
  } finally {
    end.stop();
  }
}

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
}

class Forward {
  readonly #connect: (port: number) => Promise<Duplex>;
  readonly #pairs = new Map<string, Pair>();

  constructor(connect: (port: number) => Promise<Duplex>) {
    this.#connect = connect;
  }

  take(stream: SpdyStream): void {
    const type = stream.headers.get('streamtype');
    if (type !== 'data' && type !== 'error') return void stream.destroy();
    const id = stream.headers.get('requestid') ?? '';
    const pair = this.#pairs.get(id) ?? {};
    if (pair[type] !== undefined) return void stream.destroy();
    pair[type] = stream;
    this.#pairs.set(id, pair);
    stream.once('close', () => this.#pairs.delete(id));
    const { data, error } = pair;
    if (data === undefined || error === undefined) return;
    this.#pairs.delete(id);
    void this.#join(data, error);
  }

  /** Never rejects. */
  async #join(data: SpdyStream, error: SpdyStream): Promise<void> {
    error.resume();
    const text = data.headers.get('port') ?? '';
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    try {
      if (port < 1 || port > 65_535) throw new Error(`port ${JSON.stringify(text)} is none`);
      const socket = await this.#connect(port);
      if (data.destroyed) return void socket.destroy();
      await joined(data, socket);
      error.end();
    } catch (fault) {
      error.end(`error forwarding port ${text}: ${errorMessage(fault)}`);
      data.destroy();
    }
  }
}

/** Each direction ends by itself. Resolves when the connection is over, or the client has broken it off. */
function joined(data: SpdyStream, socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      socket.destroy();
      data.destroy();
      resolve();
    };
    // What still comes for it is thrown away: it must not hold up the other connections.
    socket.on('error', () => {}).once('close', () => data.resume().end(over));
    data.once('close', over);
    data.pipe(socket).pipe(data);
  });
}
