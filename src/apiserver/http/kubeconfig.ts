/** The kubeconfig by which clients find the server, and the token that it holds. */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeDurably } from '../../files/durable.ts';
import { writePrivate } from './tls.ts';

export interface KubeconfigOptions {
  /** `https://127.0.0.1:6786` */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
  /** Namespace of the context. Default: none. */
  readonly namespace?: string;
}

/** A kubeconfig in JSON, which is YAML too: clients of ours read it without a YAML parser. */
export function kubeconfigOf({ url, ca, token, namespace }: KubeconfigOptions): string {
  const name = 'kf';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) } }],
    'current-context': name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Writes the file with mode 0600, in one step. */
export const writeKubeconfig = (file: string, options: KubeconfigOptions): Promise<void> =>
  writePrivate(file, kubeconfigOf(options));

/** The token of `file` (mode 0600), made when there is none, so that kubeconfigs outlive the server. */
export async function ensureToken(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (/^[\w-]{43}$/.test(kept)) return kept;
  const token = randomBytes(32).toString('base64url');
  await writeDurably(file, `${token}\n`, 0o600);
  return token;
}
