/** Which repository, revision and file a request means, and whether they may be meant. Pure. */

import { ResolverError, type ResolverParams } from './resolver.ts';

/** Where the hosts of a kind are, unless `serverURL` says. */
const servers: Readonly<Record<string, string>> = { github: 'https://github.com', gitlab: 'https://gitlab.com' };

/** @throws ResolverError, in Tekton's words */
export function completeGitParams(given: ResolverParams): ResolverParams {
  const { url = '', repo = '', revision = 'main', pathInRepo } = given;
  if (url !== '' && repo !== '') throw new ResolverError("cannot specify both 'url' and 'repo'");
  if (url === '' && repo === '') throw new ResolverError("must specify one of 'url' or 'repo'");
  if (!pathInRepo) throw new ResolverError('missing required git resolver params: pathInRepo');
  return {
    ...given,
    url: checkedUrl(url === '' ? urlOfRepo(given) : url),
    revision: checkedRevision(revision),
    pathInRepo: checkedPath(pathInRepo),
  };
}

/** What a commit's digest names never changes. */
export const isCommit = (revision: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(revision);

/** The host's API is not asked: its repository is read as any other, with the same token. */
function urlOfRepo({ org, repo = '', scmType = 'github', serverURL = '' }: ResolverParams): string {
  if (!org) throw new ResolverError("'org' is required when 'repo' is specified");
  const server = (serverURL || (Object.hasOwn(servers, scmType) ? servers[scmType]! : ''))
    .replace(/\/+$/, '')
    .replace(/^https:\/\/api\.github\.com$/, servers.github!);
  if (server === '') throw new ResolverError(`'serverURL' is required when 'scmType' is ${scmType}`);
  if (![...org.split('/'), repo].every((name) => /^[\w-][\w.-]*$/.test(name)))
    throw new ResolverError(`invalid repository ${org}/${repo}`);
  return `${server}/${org}/${repo}.git`;
}

function checkedUrl(text: string): string {
  const url = /^(https?|git|file):\/\/[^\s\0-\x1f\x7f]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url?.protocol === 'file:';
  if (url === undefined || (isLocal ? url.hostname !== '' : url.hostname === ''))
    throw new ResolverError(`invalid git repository url: ${text} (https, http and git are spoken)`);
  return text;
}

/** A branch, a tag or a commit; nothing that git takes for an option, a refspec or an expression. */
function checkedRevision(text: string): string {
  if (text.startsWith('-')) throw new ResolverError(`invalid revision "${text}": must not begin with '-'`);
  if (text === '' || !/^[^\s\0-\x1f\x7f:?*[\\^~+]+$/.test(text) || /\.\.|@\{/.test(text))
    throw new ResolverError(`invalid revision "${text}": must be a branch, a tag or a commit`);
  return text;
}

function checkedPath(text: string): string {
  const path = text.replace(/^\/+/, '');
  if (path.split('/').includes('..'))
    throw new ResolverError(`invalid path "${path}": must not contain '..' components`);
  if (path === '' || /[\0-\x1f\x7f]/.test(path)) throw new ResolverError(`invalid path "${text}"`);
  return path;
}
