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
  if (origin !== undefined && !isLocalOrigin(origin, host))
    throw statusError('Forbidden', `requests from ${JSON.stringify(origin)} are not allowed`);
  if (headers['sec-fetch-site'] === 'cross-site') throw statusError('Forbidden', 'cross-site requests are not allowed');
}

function isLocalOrigin(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host.toLowerCase();
  } catch {
    return false;
  }
}
