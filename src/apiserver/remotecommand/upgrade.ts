/** Which protocol a client wants its streams over, and the change to it. */

import type { IncomingMessage } from 'node:http';
import { badRequest } from '../../resources/status.ts';
import type { Exchange } from '../http/exchange.ts';
import { checkHandshake } from '../http/streams/websocket.ts';
import type { RemoteStreams, StreamOptions } from './remote-streams.ts';
import { execProtocol, openSpdy } from './spdy-streams.ts';
import { checkSpdyProtocol } from './spdy-upgrade.ts';
import { openWebSocketStreams, protocolOf } from './websocket-streams.ts';

const spdy = 'spdy/3.1';

const protocolIn = ({ headers }: IncomingMessage): string => (headers.upgrade ?? '').toLowerCase();

/** @throws StatusError BadRequest when streams cannot be opened over what the client asks for */
export function checkUpgrade({ req, upgrade }: Exchange): void {
  const wanted = upgrade === undefined ? undefined : protocolIn(req);
  if (wanted === spdy) checkSpdyProtocol(req, execProtocol);
  else if (wanted === 'websocket') {
    checkHandshake(req);
    protocolOf(req);
  } else throw badRequest('Upgrade request required');
}

/** Answers with 101; gives the streams when all are open. @throws StatusError before that */
export function acceptUpgrade({ req, upgrade }: Exchange, options: StreamOptions): Promise<RemoteStreams> {
  if (protocolIn(req) === spdy) return openSpdy(upgrade!.take, upgrade!.head, options);
  return openWebSocketStreams(req, upgrade!, options);
}
