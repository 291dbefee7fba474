/** `http`: a file behind a URL. */

import { createHash } from 'node:crypto';
import type { Client } from '../../client/client.ts';
import { fetchBytes } from './fetch.ts';
import { type Resolver, ResolverError, type ResolverParams, requireParams } from './resolver.ts';
import { secretText } from './secrets.ts';
import type { ResolverSettings } from './settings.ts';

const username = 'http-username';
const passwordSecret = 'http-password-secret';
const passwordKey = 'http-password-secret-key';

export interface HttpResolverOptions {
  readonly client: Client;
  readonly settings: () => Promise<ResolverSettings>;
}

export const httpResolver = ({ client, settings }: HttpResolverOptions): Resolver => ({
  title: 'Http',
  complete(params) {
    requireParams('http', params, ['url']);
    httpUrl(params.url!);
    requireBoth(params);
    if (params.digest !== undefined) parseDigest(params.digest);
    return params;
  },
  async resolve({ params, namespace, signal }) {
    const url = params.url!;
    const { hosts } = await settings();
    const authorization = await basicAuth(client, namespace, params);
    const data = await fetchBytes({ url, signal, hosts, ...(authorization === undefined ? {} : { authorization }) });
    if (params.digest !== undefined) checkDigest(params.digest, data);
    return { data, source: { uri: url, digest: { sha256: createHash('sha256').update(data).digest('hex') } } };
  },
});

/** @throws ResolverError */
export function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new ResolverError(`cannot parse url ${text}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new ResolverError(`url ${text} is not a valid http(s) url`);
  return url;
}

function requireBoth(params: ResolverParams): void {
  const given = [username, passwordSecret].filter((name) => params[name] !== undefined);
  if (given.length === 0) return;
  for (const name of given) if (params[name] === '') throw new ResolverError(`value ${name} cannot be empty`);
  const [missing] = [passwordSecret, username].filter((name) => !given.includes(name));
  if (missing !== undefined) throw new ResolverError(`missing required param ${missing} when using ${given[0]}`);
}

async function basicAuth(client: Client, namespace: string, params: ResolverParams): Promise<string | undefined> {
  const secret = params[passwordSecret];
  if (secret === undefined) return undefined;
  const password = await secretText(client, namespace, secret, params[passwordKey] || 'password');
  return `Basic ${Buffer.from(`${params[username]}:${password}`).toString('base64')}`;
}

const lengths: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

function parseDigest(text: string): { readonly algorithm: string; readonly hex: string } {
  const fail = (message: string): ResolverError => new ResolverError(`error validating digest: ${message}`);
  const at = text.indexOf(':');
  if (at < 0) throw fail(`invalid digest format: ${text}`);
  const [algorithm, hex] = [text.slice(0, at), text.slice(at + 1)];
  const length = Object.hasOwn(lengths, algorithm) ? lengths[algorithm]! : undefined;
  if (length === undefined) throw fail(`invalid digest algorithm: ${algorithm}`);
  if (!/^[0-9a-f]*$/i.test(hex) || hex.length !== length)
    throw fail(`invalid ${algorithm} digest value, expected length: ${length}, got: ${hex.length}`);
  return { algorithm, hex: hex.toLowerCase() };
}

function checkDigest(wanted: string, data: Buffer): void {
  const { algorithm, hex } = parseDigest(wanted);
  const found = createHash(algorithm).update(data).digest('hex');
  if (found !== hex) throw new ResolverError(`error validating digest: SHA mismatch, expected ${hex}, got ${found}`);
}
