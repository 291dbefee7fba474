/** The server's own certificate authority and certificate, made once and kept in the data directory. */

import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../files/durable.ts';

/** All PEM. */
export interface ServerTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const day = 86_400_000;
const lifetime = 3650 * day;
/** Renewed when less than this is left. */
const renewal = 30 * day;

/**
 * The certificates of `folder` (`tls.json`, mode 0600), made when they are missing, unreadable or about to expire.
 * For 127.0.0.1 and localhost.
 */
export async function ensureTls(folder: string, now = Date.now()): Promise<ServerTls> {
  const file = join(folder, 'tls.json');
  const kept = await readFile(file, 'utf8').then(parseTls, () => undefined);
  if (kept !== undefined && isFresh(kept, now)) return kept;
  const made = await generate(now);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeDurably(file, JSON.stringify(made), 0o600);
  return made;
}

/** Replaces a file, that every start writes anew, in one step; nobody but its owner may read it. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, text, { mode: 0o600 });
  await rename(part, file);
}

function parseTls(text: string): ServerTls | undefined {
  try {
    const { ca, cert, key } = JSON.parse(text) as ServerTls;
    return typeof ca === 'string' && typeof cert === 'string' && typeof key === 'string'
      ? { ca, cert, key }
      : undefined;
  } catch {
    return undefined;
  }
}

function isFresh({ ca, cert }: ServerTls, now: number): boolean {
  try {
    return [ca, cert].every((pem) => Date.parse(new X509Certificate(pem).validTo) - now > renewal);
  } catch {
    return false;
  }
}

async function generate(now: number): Promise<ServerTls> {
  const { generate: make } = await import('selfsigned');
  // A clock that is set back a little must not make the certificate invalid.
  const validity = { notBeforeDate: new Date(now - day), notAfterDate: new Date(now + lifetime) };
  const common = { keyType: 'ec', algorithm: 'sha256', ...validity } as const;
  const ca = await make([{ name: 'commonName', value: 'kf-ca' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await make([{ name: 'commonName', value: 'kf-server' }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  return { ca: ca.cert, cert: server.cert, key: server.private };
}
