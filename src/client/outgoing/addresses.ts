/**
 * Addresses that nobody has the server speak to: it is root on its machine, and metadata services give credentials to
 * whoever asks from there. Loopback and private networks are allowed here: receivers on the same machine are what one
 * machine has. Who hands on what is answered refuses loopback, too.
 */

import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';

import { Semaphore } from '../semaphore.ts';

const refused = new BlockList();
// This network, link-local (with the metadata services of most clouds), multicast, reserved.
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  refused.addSubnet(network, prefix, 'ipv4');
// The same in IPv6, and IPv4's link-local behind NAT64.
for (const [network, prefix] of [
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::a9fe:0', 112],
] as const)
  refused.addSubnet(network, prefix, 'ipv6');
// Metadata services outside of link-local: Alibaba, Oracle, AWS, Google.
for (const address of ['100.100.100.200', '192.0.0.192']) refused.addAddress(address, 'ipv4');
for (const address of ['::', 'fd00:ec2::254', 'fd20:ce::254']) refused.addAddress(address, 'ipv6');

export function isRefused(address: string): boolean {
  const version = isIP(address);
  return version === 0 || refused.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** @param address IPv4 or IPv6, also one within the other */
export const isLoopbackAddress = (address: string): boolean =>
  isIP(address) !== 0 && loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
  constructor(host: string, address = host) {
    super(`${host === address ? address : `${host} (${address})`} is a link-local, metadata or multicast address`);
  }
}

/**
 * Lookups at a time. Each keeps one of the process's four threads for files busy until a name server answers: one that
 * does not must not keep the store, logs and uploads waiting.
 */
const lookups = new Semaphore(2);

export const addressesOf = (hostname: string, options: LookupOptions = {}): Promise<readonly LookupAddress[]> =>
  lookups.run(() => lookup(hostname, { ...options, all: true }));

/** Resolves a name for a connection, which then goes to the very address that was looked at. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  addressesOf(hostname, options).then(
    (addresses) => choose(hostname, options, addresses, callback),
    (error: NodeJS.ErrnoException) => callback(error, ''),
  );
};

function choose(
  hostname: string,
  options: LookupOptions,
  addresses: readonly LookupAddress[],
  callback: Parameters<LookupFunction>[2],
): void {
  const allowed = addresses.filter(({ address }) => !isRefused(address));
  const [first] = allowed;
  if (first === undefined) callback(new RefusedAddress(hostname, addresses[0]?.address), '');
  else if (options.all === true) callback(null, [...allowed]);
  else callback(null, first.address, first.family);
}

/** @throws RefusedAddress when the host of a URL is such an address itself */
export function checkLiteral(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isRefused(host)) throw new RefusedAddress(host);
}
