/** Where an answer goes that comes bit by bit: the body of an HTTP response, or the messages of a WebSocket. */

import type { WebSocket } from 'ws';
import { badRequest } from '../../../resources/status.ts';
import type { Exchange } from '../exchange.ts';
import { writeSlowly } from '../respond.ts';
import { checkHandshake, offeredProtocols, openWebSocket, wantsWebSocket } from './websocket.ts';

export interface Outlet {
  /** Whether nothing reaches the client any more. */
  readonly gone: boolean;
  /** Waits while the client is slower than we are. @throws when it has gone, or takes nothing for too long */
  send(chunk: string | Buffer): Promise<void>;
  /** All has been sent. */
  end(): void;
  /** Not all could be sent, and the client is to know. */
  cut(): void;
}

export interface OutletOptions {
  readonly contentType: string;
  /** Milliseconds without the client taking anything after which it is dropped. */
  readonly patience: number;
  /** Whether bytes of any kind come: a WebSocket's client may want them in base64. Else every message is text. */
  readonly binary: boolean;
}

/** Answers with 200, or with 101 to whoever asks for a WebSocket. @throws StatusError BadRequest instead */
export async function openOutlet(exchange: Exchange, options: OutletOptions): Promise<Outlet> {
  if (wantsWebSocket(exchange)) return openMessages(exchange, options);
  const { res } = exchange;
  res.writeHead(200, { 'Content-Type': options.contentType, 'Cache-Control': 'no-cache, private' });
  res.flushHeaders();
  return {
    get gone() {
      return res.destroyed;
    },
    send: (chunk) => writeSlowly(res, chunk, options.patience),
    end: () => void res.end(),
    cut: () => void res.destroy(),
  };
}

/** Kubernetes' names for how bytes are put into messages; text is text in each of them. */
const base64 = 'base64.binary.k8s.io';
const protocols: readonly string[] = [base64, 'binary.k8s.io'];

/** Bytes: nobody has anything to send. */
const maxPayload = 4096;

async function openMessages({ req, upgrade }: Exchange, { patience, binary }: OutletOptions): Promise<Outlet> {
  checkHandshake(req);
  const offered = offeredProtocols(req);
  const protocol = offered.find((name) => protocols.includes(name));
  if (protocol === undefined && offered.length > 0)
    throw badRequest(
      `unable to upgrade: the client speaks ${JSON.stringify(offered.join(', '))}, this server ${protocols.join(', ')}`,
    );
  const socket = await openWebSocket(req, upgrade!, { maxPayload, ...(protocol === undefined ? {} : { protocol }) });
  const encoded = binary && protocol === base64;
  // What it has to say, 'close' says too.
  socket.on('error', () => {});
  return {
    get gone() {
      return socket.readyState !== socket.OPEN;
    },
    send: (chunk) => sendMessage(socket, encoded ? Buffer.from(chunk).toString('base64') : chunk, patience),
    end: () => socket.close(1000),
    cut: () => socket.terminate(),
  };
}

function sendMessage(socket: WebSocket, message: string | Buffer, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.terminate(), patience).unref();
    socket.send(message, (error) => {
      clearTimeout(timer);
      if (error == null) resolve();
      else reject(error);
    });
  });
}
