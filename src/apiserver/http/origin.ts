/** Keeps web pages out: a page in a browser on this machine can send requests to 127.0.0.1, too. */

import type { IncomingMessage } from 'node:http';
import { statusError } from '../../resources/status.ts';

const local = new Set(['127.0.0.1', 'localhost', '[::1]']);

const hostnameOf = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

/** @throws StatusError Forbidden when the Host is not this machine, or the request comes from another site's page */
export function checkOrigin({ headers }: IncomingMessage): void {
  const { host, origin } = headers;
  if (host === undefined || !local.has(hostnameOf(host)))
    throw statusError('Forbidden', `Host ${JSON.stringify(host ?? '')} is not this server: use 127.0.0.1 or localhost`);
  if (origin !== undefined && !isLocalOrigin(origin))
    throw statusError('Forbidden', `requests from ${JSON.stringify(origin)} are not allowed`);
  if (headers['sec-fetch-site'] === 'cross-site') throw statusError('Forbidden', 'cross-site requests are not allowed');
}

/** Also a dashboard's, which passes on what its own page asks for, with a token that no page knows. */
function isLocalOrigin(origin: string): boolean {
  try {
    return local.has(new URL(origin).hostname);
  } catch {
    return false;
  }
}
