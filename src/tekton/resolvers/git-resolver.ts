/** `git`: a file of a repository. */

import { realpath } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../client/client.ts';
import { isWithin } from '../../resources/host-path.ts';
import { completeGitParams, isCommit } from './git-params.ts';
import { type Run, readRepositoryFile } from './git-repository.ts';
import { addressFor } from './hosts.ts';
import { type Resolver, ResolverError, type ResolverParams } from './resolver.ts';
import { secretText } from './secrets.ts';
import type { ResolverSettings } from './settings.ts';

export interface GitResolverOptions {
  readonly client: Client;
  readonly settings: () => Promise<ResolverSettings>;
  readonly run: Run;
  /** Prefix of the folders in which git works; users other than root must be able to reach them. */
  readonly folderPrefix: string;
}

export const gitResolver = ({ client, settings, run, folderPrefix }: GitResolverOptions): Resolver => ({
  title: 'Git',
  complete: completeGitParams,
  isImmutable: ({ revision = '' }) => isCommit(revision),
  async resolve({ params, namespace, signal }) {
    const { url = '', revision = '', pathInRepo: path = '' } = params;
    const { hosts, repositories, gitSize } = await settings();
    const place =
      new URL(url).protocol === 'file:' ? await localPlace(url, repositories) : await remotePlace(url, hosts);
    const token = await tokenOf(client, namespace, params);
    if (token !== undefined && !/^https?:/.test(url))
      throw new ResolverError('a token can be sent by https and http only');
    const wanted = { ...place, revision, path, longest: gitSize, signal, ...(token === undefined ? {} : { token }) };
    const { commit, data } = await readRepositoryFile(run, folderPrefix, wanted);
    return {
      data,
      source: { uri: `git+${url}`, digest: { sha1: commit }, entryPoint: path },
      annotations: {
        'resolution.tekton.dev/revision': commit,
        'resolution.tekton.dev/path': path,
        'resolution.tekton.dev/url': url,
        'resolution.tekton.dev/content-type': 'application/x-yaml',
      },
    };
  },
});

/** A local repository counts where it really is. @throws ResolverError */
async function localPlace(url: string, repositories: readonly string[]): Promise<{ readonly url: string }> {
  const refused = new ResolverError(
    `${url} is not in a directory whose repositories may be read; ` +
      'an administrator allows one with: kf configure-server set resolvers.repositories DIRECTORY',
  );
  // Where no directory is allowed it is not even said whether the path is there.
  if (repositories.length === 0) throw refused;
  try {
    const path = await realpath(fileURLToPath(url));
    const allowed = await Promise.all(repositories.map((one) => realpath(one).catch(() => undefined)));
    if (allowed.some((one) => one !== undefined && isWithin(path, one))) return { url: `file://${path}` };
  } catch {
    // Reported below.
  }
  throw refused;
}

async function remotePlace(text: string, hosts: readonly string[]): Promise<{ url: string; resolve?: string }> {
  const url = new URL(text);
  const address = await addressFor(url, hosts);
  if (url.protocol === 'git:') return { url: text };
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return { url: text, resolve: `${url.hostname}:${port}:${address.includes(':') ? `[${address}]` : address}` };
}

/** `gitToken` for a URL, `token` for an organisation's repository. */
async function tokenOf(client: Client, namespace: string, params: ResolverParams): Promise<string | undefined> {
  const [secret, key] = params.gitToken ? [params.gitToken, params.gitTokenKey] : [params.token, params.tokenKey];
  if (!secret) return undefined;
  return secretText(client, namespace, secret, key || 'token');
}
