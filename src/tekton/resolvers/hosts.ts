/** Where resolvers may go: anywhere but to this machine itself and to metadata services, for what they read is shown. */

import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { addressesOf, isLoopbackAddress, isRefused, RefusedAddress } from '../../client/outgoing/addresses.ts';
import { ResolverError } from './resolver.ts';

/** `HOST` or `HOST:PORT`, as an administrator allows it. */
function isAllowed({ hostname, port, protocol }: URL, hosts: readonly string[]): boolean {
  const usual: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'git:': '9418', 'ssh:': '22' };
  return hosts.includes(hostname) || hosts.includes(`${hostname}:${port === '' ? usual[protocol] : port}`);
}

function requireOutside(url: URL, address: string, hosts: readonly string[]): void {
  const allowed = isAllowed(url, hosts);
  if (isRefused(address) && !allowed) throw new ResolverError(new RefusedAddress(url.hostname, address).message);
  if (isLoopbackAddress(address) && !allowed)
    throw new ResolverError(
      `${url.host} is this machine itself, which resolvers do not read; ` +
        `an administrator allows it with: kf configure-server set resolvers.hosts ${url.host}`,
    );
}

/** An address of the URL's host that may be spoken to. @throws ResolverError */
export async function addressFor(url: URL, hosts: readonly string[]): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host) === 0 ? await lookedUp(host) : [host];
  // The first counts: a name that stands for two places, one of them refused, is none to trust.
  for (const address of found) requireOutside(url, address, hosts);
  return found[0]!;
}

async function lookedUp(host: string): Promise<readonly string[]> {
  const found = await addressesOf(host).catch((error: NodeJS.ErrnoException) => {
    throw new ResolverError(`cannot resolve the host ${host}: ${error.code ?? error.message}`, true);
  });
  return found.map(({ address }) => address);
}

/** For a connection to the very address that was looked at. */
export const pinned =
  (address: string): LookupFunction =>
  (_, options, callback) => {
    const family = isIP(address);
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
