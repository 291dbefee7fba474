/** Reads a plain kubeconfig: which server, and how to prove who we are. */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { errorMessage } from '../../resources/errors.ts';

/** What a connection needs. */
export interface ConnectionConfig {
  /** `https://host:port`, perhaps with a path. */
  readonly server: string;
  /** A Unix socket at which that server answers without TLS. */
  readonly socket?: string;
  /** PEM. */
  readonly ca?: string;
  readonly token?: string;
  /** PEM. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly username?: string;
  readonly password?: string;
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** Name of the context. */
  readonly context?: string;
  /** Namespace of the context. */
  readonly namespace?: string;
  readonly impersonate?: string;
  readonly impersonateGroups?: readonly string[];
}

export interface KubeconfigSource {
  /** One file, or several parted by `:` as in $KUBECONFIG. Default: $KUBECONFIG, else ~/.kube/config. */
  readonly path?: string;
  /** Default: the current one. */
  readonly context?: string;
}

/** A kubeconfig that cannot be used; the message says which file and why. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

interface Named {
  readonly name: string;
}
type Fields = Readonly<Record<string, unknown>>;

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly clusters?: readonly (Named & { readonly cluster?: Fields })[];
  readonly contexts?: readonly (Named & { readonly context?: Fields })[];
  readonly users?: readonly (Named & { readonly user?: Fields })[];
}

/** An entry, and the folder that its relative paths start from. */
interface Found {
  readonly fields: Fields;
  readonly folder: string;
}

/** @throws KubeconfigError */
export async function loadKubeconfig(source: KubeconfigSource = {}): Promise<ConnectionConfig> {
  const path = source.path ?? (process.env.KUBECONFIG || resolve(homedir(), '.kube/config'));
  const files = path.split(':').filter((file) => file !== '');
  const configs = await Promise.all(files.map((file) => readConfig(file, files.length > 1)));
  const find = (list: 'clusters' | 'contexts' | 'users', field: string, name: string): Found | undefined => {
    for (const { config, folder } of configs)
      for (const entry of config[list] ?? [])
        if (entry.name === name) return { fields: ((entry as unknown as Fields)[field] ?? {}) as Fields, folder };
    return undefined;
  };
  const contextName = source.context ?? configs.map(({ config }) => config['current-context']).find(Boolean);
  if (contextName === undefined) throw new KubeconfigError(`${path}: no current-context; name one with --context`);
  const context = find('contexts', 'context', contextName);
  if (context === undefined) throw new KubeconfigError(`${path}: there is no context "${contextName}"`);
  const clusterName = String(context.fields.cluster ?? '');
  const cluster = find('clusters', 'cluster', clusterName);
  if (cluster === undefined)
    throw new KubeconfigError(`${path}: context "${contextName}" names the cluster "${clusterName}", which is missing`);
  const userName = String(context.fields.user ?? '');
  const user = find('users', 'user', userName);
  if (user === undefined && userName !== '')
    throw new KubeconfigError(`${path}: context "${contextName}" names the user "${userName}", which is missing`);
  const namespace = text(context.fields, 'namespace');
  return {
    context: contextName,
    ...(await clusterOf(path, clusterName, cluster)),
    ...(user === undefined ? {} : await userOf(path, userName, user)),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

async function readConfig(file: string, mayBeMissing: boolean): Promise<{ config: Kubeconfig; folder: string }> {
  const folder = dirname(resolve(file));
  const content = read(file, mayBeMissing);
  const config = await parse(file, content);
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new KubeconfigError(`${file}: this is no kubeconfig`);
  return { config, folder };
}

function read(file: string, mayBeMissing: boolean): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && mayBeMissing) return '{}';
    throw new KubeconfigError(
      `cannot read the kubeconfig ${file}: ${code === 'ENOENT' ? 'there is no such file' : message}`,
    );
  }
}

/** Ours is JSON; the YAML parser is loaded for others' only. */
async function parse(file: string, content: string): Promise<unknown> {
  try {
    return JSON.parse(content);
  } catch {
    const yaml = await import('yaml');
    try {
      return yaml.parse(content);
    } catch (error) {
      throw new KubeconfigError(`${file}: ${errorMessage(error)}`);
    }
  }
}

const text = (fields: Fields, name: string): string | undefined => {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** What stands in `<name>-data` (base64), or in the file that `<name>` names. */
async function pem({ fields, folder }: Found, name: string): Promise<string | undefined> {
  const data = text(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString();
  const file = text(fields, name);
  return file === undefined ? undefined : readRelated(folder, file);
}

function readRelated(folder: string, file: string): string {
  try {
    return readFileSync(resolve(folder, file), 'utf8');
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig names a file that cannot be read: ${errorMessage(error)}`);
  }
}

async function clusterOf(path: string, name: string, found: Found): Promise<ConnectionConfig> {
  const server = text(found.fields, 'server');
  if (server === undefined) throw new KubeconfigError(`${path}: cluster "${name}" has no server`);
  if (text(found.fields, 'proxy-url') !== undefined)
    throw new KubeconfigError(`${path}: cluster "${name}" uses a proxy-url, which is not supported`);
  return {
    server,
    ca: await pem(found, 'certificate-authority'),
    tlsServerName: text(found.fields, 'tls-server-name'),
    insecureSkipTlsVerify: found.fields['insecure-skip-tls-verify'] === true,
  };
}

async function userOf(path: string, name: string, found: Found): Promise<Omit<ConnectionConfig, 'server'>> {
  const { fields, folder } = found;
  if (fields.exec !== undefined)
    throw new KubeconfigError(
      `${path}: user "${name}" logs in by an exec plugin (${String((fields.exec as Fields)?.command ?? '?')}), which is not supported yet; use a kubeconfig with a token or a client certificate`,
    );
  const provider = fields['auth-provider'] as Fields | undefined;
  if (provider !== undefined)
    throw new KubeconfigError(
      `${path}: user "${name}" logs in by the auth provider ${String(provider.name ?? '?')}, which is not supported yet; use a kubeconfig with a token or a client certificate`,
    );
  const tokenFile = text(fields, 'tokenFile');
  const token = tokenFile === undefined ? text(fields, 'token') : readRelated(folder, tokenFile).trim();
  return {
    token,
    clientCertificate: await pem(found, 'client-certificate'),
    clientKey: await pem(found, 'client-key'),
    username: text(fields, 'username'),
    password: text(fields, 'password'),
    impersonate: text(fields, 'as'),
    impersonateGroups: fields['as-groups'] as readonly string[] | undefined,
  };
}
