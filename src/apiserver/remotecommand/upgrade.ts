/** Which protocol a client wants its streams over, and the change to it. */

import type { IncomingMessage } from 'node:http';
import { badRequest } from '../../resources/status.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RemoteStreams, StreamOptions } from './remote-streams.ts';
import { execProtocol, openSpdy } from './spdy-streams.ts';
import { checkSpdyProtocol } from './spdy-upgrade.ts';
import { openWebSocket, protocolOf } from './websocket-streams.ts';

const spdy = 'spdy/3.1';

const protocolIn = ({ headers }: IncomingMessage): string => (headers.upgrade ?? '').toLowerCase();

/** @throws StatusError BadRequest when streams cannot be opened over what the client asks for */
export function checkUpgrade({ req, upgrade }: Exchange): void {
  const wanted = upgrade === undefined ? undefined : protocolIn(req);
  if (wanted === spdy) checkSpdyProtocol(req, execProtocol);
  else if (wanted === 'websocket') {
    if (req.method !== 'GET') throw badRequest('a WebSocket is opened with GET');
    if (!/^[+/0-9A-Za-z]{22}==$/.test(req.headers['sec-websocket-key'] ?? ''))
      throw badRequest('the Sec-WebSocket-Key is missing or invalid');
    if (req.headers['sec-websocket-version'] !== '13') throw badRequest('the Sec-WebSocket-Version must be 13');
    protocolOf(req);
  } else throw badRequest('Upgrade request required');
}

/** Answers with 101; gives the streams when all are open. @throws StatusError before that */
export function acceptUpgrade({ req, upgrade }: Exchange, options: StreamOptions): Promise<RemoteStreams> {
  const { take, head } = upgrade!;
  if (protocolIn(req) === spdy) return openSpdy(take, head, options);
  return openWebSocket(req, take, head, options);
}
