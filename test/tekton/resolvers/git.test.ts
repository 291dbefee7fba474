/** The resolver `git` with real repositories: of a folder, of git's own daemon, and of a web server. */

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../../src/node/host/run-command.ts';
import { Namespace, Secret } from '../../../src/resources/core/kinds.ts';
import { gitResolver } from '../../../src/tekton/resolvers/git-resolver.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { defaultSettings, namespace, serveWeb, startResolvers, taskYaml, type WebServer } from './support.ts';

const root = mkdtempSync('/var/tmp/kf-git-test-');
const bare = join(root, 'served/tasks.git');
const token = Buffer.from('t0ken').toString('base64');
const authorization = `Basic ${Buffer.from('git:t0ken').toString('base64')}`;

let web: WebServer;
let daemon: { url: string; stop(): void };
let api: ReturnType<typeof startLocalApi>;
let world: ReturnType<typeof startResolvers>;
let settings = defaultSettings;
let first = '';
let second = '';

const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    env: {
      ...process.env,
      GIT_CONFIG_GLOBAL: '/dev/null',
      ...Object.fromEntries(
        ['AUTHOR', 'COMMITTER'].flatMap((who) => [
          [`GIT_${who}_NAME`, 'n'],
          [`GIT_${who}_EMAIL`, 'a@b'],
        ]),
      ),
    },
  }).trim();

function makeRepository(): void {
  chmodSync(root, 0o755);
  const work = join(root, 'work');
  mkdirSync(join(work, 'tasks'), { recursive: true });
  git(work, 'init', '-q', '-b', 'main');
  writeFileSync(join(work, 'tasks/a.yaml'), taskYaml('one'));
  symlinkSync('a.yaml', join(work, 'tasks/link.yaml'));
  symlinkSync('/etc/passwd', join(work, 'tasks/evil.yaml'));
  symlinkSync('../../../../../etc', join(work, 'tasks/up'));
  writeFileSync(join(work, 'noise'), randomBytes(200_000));
  writeFileSync(join(work, 'tasks/long.yaml'), Buffer.alloc(1024 * 1024 + 1, 'x'));
  git(work, 'add', '.');
  git(work, 'commit', '-qm', 'one');
  git(work, 'tag', '-a', 'v1', '-m', 'v1');
  first = git(work, 'rev-parse', 'HEAD');
  writeFileSync(join(work, 'tasks/a.yaml'), taskYaml('two'));
  git(work, 'commit', '-qam', 'two');
  second = git(work, 'rev-parse', 'HEAD');
  git(root, 'clone', '-q', '--bare', work, bare);
  symlinkSync(join(root, 'work'), join(root, 'served/outside'));
}

async function startDaemon(): Promise<typeof daemon> {
  const port = await freePort();
  const args = [
    'daemon',
    '--verbose',
    '--export-all',
    '--listen=127.0.0.1',
    `--port=${port}`,
    `--base-path=${root}/served`,
  ];
  const child = spawn('git', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  await new Promise<void>((resolve) =>
    child.stderr.on('data', (text) => {
      if (String(text).includes('Ready to rumble')) resolve();
    }),
  );
  return { url: `git://127.0.0.1:${port}`, stop: () => process.kill(-child.pid!) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What a web server does with git's own program for it. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url!, 'http://x');
  if (pathname.startsWith('/moved')) return void response.writeHead(302, { location: '/tasks.git' }).end();
  if (pathname.startsWith('/private') && request.headers.authorization !== authorization)
    return void response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  const child = spawn('git', ['http-backend'], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: join(root, 'served'),
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_CONFIG_KEY_1: 'uploadpack.allowFilter',
      GIT_CONFIG_VALUE_1: 'true',
      PATH_INFO: pathname.replace('/private', ''),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = all
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers)).end(all.subarray(end + 4));
  });
}

beforeAll(async () => {
  makeRepository();
  web = await serveWeb(answer);
  daemon = await startDaemon();
  api = startLocalApi();
  const { client } = api;
  await client.create(Namespace, { metadata: { name: namespace } });
  await client.create(Secret, { metadata: { name: 'login', namespace }, data: { token } });
  settings = { ...defaultSettings, hosts: ['127.0.0.1'], repositories: [join(root, 'served')] };
  const options = { client, settings: async () => settings, run: runCommand, folderPrefix: join(root, 'fetch-') };
  world = startResolvers({ client }, { git: gitResolver(options) }, options.settings);
});
afterAll(async () => {
  await world.stop();
  await api.close();
  await web.close();
  daemon.stop();
  rmSync(root, { recursive: true, force: true });
});

const resolve = (url: string, more: Record<string, string> = {}) =>
  world.resolve('git', { url, pathInRepo: 'tasks/a.yaml', ...more });
const places = {
  file: () => `file://${bare}`,
  daemon: () => `${daemon.url}/tasks.git`,
  http: () => `${web.url}/tasks.git`,
};

describe.each(Object.entries(places))('%s', (_, place) => {
  test.each([
    ['a branch', 'main', 'two', () => second],
    ['a tag', 'v1', 'one', () => first],
    ['a commit', '', 'one', () => first],
  ])('%s', async (_, revision, name, commit) => {
    expect(await resolve(place(), { revision: revision || first })).toMatchObject({
      reason: 'ResolutionSuccessful',
      text: taskYaml(name),
      source: { uri: `git+${place()}`, digest: { sha1: commit() }, entryPoint: 'tasks/a.yaml' },
    });
  });

  test('a link within; links that lead out, what is too long, what is not there', async () => {
    expect(await resolve(place(), { pathInRepo: '/tasks/link.yaml' })).toMatchObject({ text: taskYaml('two') });
    const said = async (pathInRepo: string) => (await resolve(place(), { pathInRepo })).message;
    expect(await said('tasks/evil.yaml')).toMatch(
      /"tasks\/evil\.yaml": it is a link that leads to no file of the repository$/,
    );
    expect(await said('tasks/up/passwd')).toMatch(/it is a link that leads to no file of the repository$/);
    expect(await said('tasks/long.yaml')).toMatch(/exceeds maximum allowed size of 1048576 bytes$/);
    expect(await said('none.yaml')).toMatch(
      /^error getting "Git" "dev\/r\d+": error opening file "none\.yaml": file does not exist$/,
    );
    expect(await said('tasks')).toMatch(/it is no file$/);
    expect((await resolve(place(), { revision: 'nope' })).message).toMatch(
      /git fetch error: .*couldn't find remote ref nope/,
    );
    expect(readdirSync(root).filter((name) => name.startsWith('fetch-'))).toEqual([]);
  });
});

test('what is known by its commit is not fetched again', async () => {
  const asked = web.requests.length;
  const again = await resolve(`${web.url}/tasks.git`, { revision: first });
  expect(again).toMatchObject({ text: taskYaml('one'), annotations: { 'resolution.tekton.dev/cached': 'true' } });
  expect(web.requests.length).toBe(asked);
  await resolve(`${web.url}/tasks.git`, { revision: first, cache: 'never' });
  expect(web.requests.length).toBeGreaterThan(asked);
});

test('many who ask for the same at the same time are answered by one fetch', async () => {
  const asked = web.requests.length;
  const url = `${web.url}/./tasks.git`;
  const all = await Promise.all(Array.from({ length: 5 }, () => resolve(url, { revision: second })));
  expect(all.map(({ text }) => text)).toEqual(Array(5).fill(taskYaml('two')));
  const infos = web.requests.slice(asked).filter((request) => request.url!.includes('/info/refs'));
  // One to fetch the revision, one or two for the file.
  expect(infos.length).toBeLessThanOrEqual(3);
});

test('a token is sent where it belongs', async () => {
  const url = `${web.url}/private/tasks.git`;
  expect(await resolve(url, { gitToken: 'login' })).toMatchObject({ text: taskYaml('two') });
  expect((await resolve(url)).message).toMatch(/error resolving repository: clone error: authentication required$/);
  expect((await resolve(url, { gitToken: 'nope' })).message).toMatch(/secret nope not found in namespace dev$/);
  const byName = { pathInRepo: 'tasks/a.yaml', serverURL: web.url, scmType: 'gitea', org: 'private', repo: 'tasks' };
  expect(await world.resolve('git', { ...byName, token: 'login' })).toMatchObject({ text: taskYaml('two') });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['ext::sh -c id', {}, /invalid git repository url/],
  ['/etc', {}, /invalid git repository url/],
  ['-uid', {}, /invalid git repository url/],
  ['ssh://git@example.com/x', {}, /invalid git repository url/],
  ['git@example.com:x/y', {}, /invalid git repository url/],
  ['file://host/x', {}, /invalid git repository url/],
  ['file:///etc/x', {}, /is not in a directory whose repositories may be read/],
  [`file://${root}/served/../work`, {}, /is not in a directory whose repositories may be read/],
  [`file://${root}/served/outside`, {}, /is not in a directory whose repositories may be read/],
  ['http://169.254.169.254/x.git', {}, /link-local, metadata or multicast address$/],
  ['https://example.com/x', { revision: '--upload-pack=x' }, /must not begin with '-'$/],
  ['https://example.com/x', { revision: 'a:b' }, /must be a branch, a tag or a commit$/],
  ['https://example.com/x', { revision: 'main~1' }, /must be a branch, a tag or a commit$/],
  ['https://example.com/x', { pathInRepo: 'a/../../b' }, /must not contain '\.\.' components$/],
  ['https://example.com/x', { pathInRepo: 'a\nb' }, /invalid path/],
  ['https://example.com/x', { repo: 'x' }, /cannot specify both 'url' and 'repo'$/],
  ['', {}, /must specify one of 'url' or 'repo'$/],
  ['', { repo: 'x' }, /'org' is required when 'repo' is specified$/],
])('%s %j is refused', async (url, more, message) => {
  expect(await resolve(url, more)).toMatchObject({
    reason: 'ResolutionFailed',
    message: expect.stringMatching(message),
  });
});

test('this machine itself is not read unless an administrator says so; redirects are not followed', async () => {
  expect((await resolve(`${web.url}/moved`)).message).toMatch(/redirects are not followed: give the final URL/);
  const before = settings;
  settings = { ...before, hosts: [] };
  expect((await resolve(`${daemon.url}/tasks.git`)).message).toMatch(/is this machine itself/);
  settings = { ...before, repositories: [] };
  expect((await resolve(`file://${bare}`)).message).toMatch(/is not in a directory/);
  settings = { ...before, gitSize: 50_000 };
  // Who is asked for files one by one sends no others.
  expect((await resolve(`${web.url}/tasks.git`)).reason).toBe('ResolutionSuccessful');
  expect((await resolve(`${daemon.url}/tasks.git`)).message).toMatch(
    /git fetch error: fatal: .*has it more at that revision than resolvers\.gitSize\?$/,
  );
  settings = before;
});
