/**
 * One file of a git repository at one revision. git runs as a user that nobody is, in a folder of its own, with nothing of
 * the machine's or anybody's settings: no hooks, no submodules, no checkout, no other transports than asked for. Only the
 * file's bytes are asked of servers that can do so, else the revision's.
 */

import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../resources/errors.ts';
import { longestResource, ResolverError } from './resolver.ts';

/** Runs a program of the machine and gives what it prints; its errors have a `reason`. */
export type Run = (
  command: string,
  args: readonly string[],
  options?: { readonly input?: string; readonly signal?: AbortSignal },
) => Promise<string>;

/** Far from what any user, container or build has. */
const gitUser = 1_879_113_728;
const nobody = 65_534;

/** Bytes of memory, and seconds of a processor, that one git may take. */
const mostMemory = 1536 * 2 ** 20;
const mostSeconds = 60;

export interface RepositoryFile {
  /** Checked: of an allowed host, or a directory that is allowed. */
  readonly url: string;
  readonly revision: string;
  readonly path: string;
  /** Host, port and address as curl's `--resolve` has them; absent where no name is to be resolved. */
  readonly resolve?: string;
  /** For the URL's origin only. */
  readonly token?: string;
  /** Bytes that git may write into one file. */
  readonly longest: number;
  readonly signal: AbortSignal;
}

export interface FoundFile {
  readonly commit: string;
  readonly data: Buffer;
}

/** @param prefix of the folders that are made, e.g. `/var/tmp/kf-1a2b3c-git-`. @throws ResolverError */
export async function readRepositoryFile(run: Run, prefix: string, wanted: RepositoryFile): Promise<FoundFile> {
  const folder = await mkdtemp(prefix);
  try {
    const settings = join(folder, 'settings');
    await writeFile(settings, settingsFor(wanted), { mode: 0o600 });
    const user = await give(folder, settings);
    return await read(gitIn(run, folder, user, wanted), wanted);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whose they are now: within a container the machine may not have so high a number. Undefined: they stay one's own. */
async function give(...paths: readonly string[]): Promise<number | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of [gitUser, nobody])
    try {
      for (const path of paths) await chown(path, user, user);
      return user;
    } catch (error) {
      if (errorCode(error) !== 'EINVAL' || user === nobody) throw error;
    }
  return nobody;
}

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function settingsFor({ url, resolve, token }: RepositoryFile): string {
  const lines = ['[core]', 'bigFileThreshold = 1m', 'hooksPath = /dev/null', '[fetch]', 'unpackLimit = 1'];
  lines.push('fsckObjects = true', '[safe]', 'directory = *', '[http]');
  // A redirect would lead to where nobody has looked.
  lines.push('followRedirects = false', 'lowSpeedLimit = 1', 'lowSpeedTime = 20');
  if (resolve !== undefined) lines.push(`curloptResolve = ${quoted(resolve)}`);
  if (token !== undefined) {
    const basic = Buffer.from(`git:${token}`).toString('base64');
    lines.push(`[http ${quoted(new URL(url).origin)}]`, `extraHeader = ${quoted(`Authorization: Basic ${basic}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

const as = (user: number): readonly string[] => [
  ...['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs', '--inh-caps=-all'],
];

type Git = (args: readonly string[], input?: string) => Promise<string>;

function gitIn(run: Run, folder: string, user: number | undefined, { url, longest, signal }: RepositoryFile): Git {
  const environment = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    HOME: folder,
    GIT_DIR: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(folder, 'settings'),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'false',
    GIT_ALLOW_PROTOCOL: new URL(url).protocol.slice(0, -1),
  };
  const lead = [
    ...['-i', `--chdir=${folder}`, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
    ...(user === undefined ? [] : as(user)),
    ...[
      'prlimit',
      `--fsize=${longest}`,
      `--as=${Math.max(mostMemory, 4 * longest)}`,
      `--cpu=${mostSeconds}`,
      '--core=0',
    ],
    'git',
  ];
  return (args, input) => run('env', [...lead, ...args], { signal, ...(input === undefined ? {} : { input }) });
}

async function read(git: Git, { url, revision, path }: RepositoryFile): Promise<FoundFile> {
  await git(['init', '--quiet', '--bare', '--template=', '.']).catch(failed('init'));
  await git(['remote', 'add', '--', 'origin', url]).catch(failed('remote'));
  const bounds = ['--depth=1', '--filter=blob:none', '--no-tags', '--no-recurse-submodules', '--no-write-commit-graph'];
  await git(['fetch', '--quiet', ...bounds, '--', 'origin', revision]).catch(failed('fetch'));
  const commit = (await git(['rev-parse', '--verify', 'FETCH_HEAD^{commit}']).catch(failed('rev-parse'))).trim();
  const told = await git(['cat-file', '--batch-check', '--follow-symlinks'], `${commit}:${path}\n`).catch(
    failed('cat-file'),
  );
  const found = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(told.split('\n')[0] ?? '');
  const refuse = (why: string): ResolverError => new ResolverError(`error opening file "${path}": ${why}`);
  if (/^(symlink|dangling|loop|notdir) \d+$/m.test(told))
    throw refuse('it is a link that leads to no file of the repository');
  if (found === null) throw refuse('file does not exist');
  const [, object = '', type, size] = found;
  if (type !== 'blob') throw refuse('it is no file');
  if (Number(size) > longestResource) throw refuse(`it exceeds maximum allowed size of ${longestResource} bytes`);
  const text = await git(['cat-file', 'blob', object]).catch(failed('cat-file'));
  return { commit, data: Buffer.from(text) };
}

const passing =
  /could not resolve host|unable to look up|connection (refused|reset|timed out)|timed out|early eof|hung up unexpectedly|returned error: (5\d\d|429)/i;

/** What git said, as Tekton tells it. */
const failed =
  (command: string) =>
  (error: unknown): never => {
    const { reason, exitCode } = error as { readonly reason?: string; readonly exitCode?: number };
    if (reason === undefined) throw error;
    if (exitCode === 127)
      throw new ResolverError(
        'this machine has no git; install it with: apt-get install -y --no-install-recommends git (or: kf doctor --fix)',
      );
    if (/could not read (username|password)|authentication failed/i.test(reason))
      throw new ResolverError('error resolving repository: clone error: authentication required');
    const said = reason
      .replace(/^exit code \d+: /, '')
      .replaceAll(/^warning: .*$/gm, '')
      .trim()
      .replaceAll(/\s+/g, ' ')
      .slice(0, 500);
    // git's messages when it reaches the limit on the size of files.
    if (/died of signal 25|file too large|index-pack (failed|output)/i.test(said))
      throw new ResolverError(`git ${command} error: ${said}: has it more at that revision than resolvers.gitSize?`);
    const hint = /returned error: 30[12378]|redirect/i.test(said)
      ? ' (redirects are not followed: give the final URL)'
      : '';
    throw new ResolverError(`git ${command} error: ${said}${hint}`, passing.test(said));
  };
