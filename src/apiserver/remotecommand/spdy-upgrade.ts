/** The change of a connection to SPDY/3.1, and which protocol of streams it carries. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { statusError } from '../../resources/status.ts';

/** @throws StatusError Forbidden when the client does not speak this protocol of streams */
export function checkSpdyProtocol({ headersDistinct }: IncomingMessage, protocol: string): void {
  const offered = (headersDistinct['x-stream-protocol-version'] ?? []).flatMap((text) =>
    text.split(',').map((name) => name.trim()),
  );
  if (!offered.includes(protocol))
    throw statusError(
      'Forbidden',
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocol}]`,
    );
}

/** Answers with 101; what follows on the connection is SPDY. */
export function switchToSpdy(take: () => Duplex, protocol: string): Duplex {
  const socket = take();
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      `X-Stream-Protocol-Version: ${protocol}`,
      '\r\n',
    ].join('\r\n'),
  );
  return socket;
}
