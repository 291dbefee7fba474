/** The change of a connection to WebSocket. */

import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { badRequest } from '../../../resources/status.ts';
import type { Exchange, Upgrade } from '../exchange.ts';

export const wantsWebSocket = ({ req, upgrade }: Exchange): boolean =>
  upgrade !== undefined && req.headers.upgrade?.toLowerCase() === 'websocket';

/** What the client would speak inside, the one that it likes best first. */
export const offeredProtocols = ({ headers }: IncomingMessage): readonly string[] =>
  (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** @throws StatusError BadRequest when the client's part of the handshake is wrong */
export function checkHandshake({ method, headers }: IncomingMessage): void {
  if (method !== 'GET') throw badRequest('a WebSocket is opened with GET');
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? ''))
    throw badRequest('the Sec-WebSocket-Key is missing or invalid');
  if (headers['sec-websocket-version'] !== '13') throw badRequest('the Sec-WebSocket-Version must be 13');
}

export interface WebSocketOptions {
  /** One of those that were offered; none when the client offers none. */
  readonly protocol?: string;
  /** Bytes of a message that the client may send. */
  readonly maxPayload: number;
}

/** Answers a request that checkHandshake has seen with 101. @throws Error when the client has gone */
export async function openWebSocket(
  req: IncomingMessage,
  { take, head }: Upgrade,
  { protocol, maxPayload }: WebSocketOptions,
): Promise<WebSocket> {
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: () => protocol ?? false,
  });
  const socket = take();
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the client has gone'));
    socket.once('close', gone);
    server.handleUpgrade(req, socket, head, (webSocket) => {
      socket.off('close', gone);
      resolve(webSocket);
    });
  });
}
