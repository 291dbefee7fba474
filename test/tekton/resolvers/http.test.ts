import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Namespace, Secret } from '../../../src/resources/core/kinds.ts';
import { httpResolver } from '../../../src/tekton/resolvers/http-resolver.ts';
import { hubResolver } from '../../../src/tekton/resolvers/hub-resolver.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { defaultSettings, namespace, serveWeb, startResolvers, taskYaml, type WebServer } from './support.ts';

const yaml = taskYaml('afar');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const json = (value: unknown): string => JSON.stringify(value);

let web: WebServer;
let other: WebServer;
let api: ReturnType<typeof startLocalApi>;
let world: ReturnType<typeof startResolvers>;
let hosts: readonly string[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  const redirect = (location: string) => response.writeHead(302, { location }).end();
  if (path === '/task.yaml') response.end(yaml);
  else if (path === '/private.yaml')
    response.writeHead(request.headers.authorization === `Basic ${base64('me:s3cret')}` ? 200 : 401).end(yaml);
  else if (path === '/long') response.end(Buffer.alloc(1024 * 1024 + 1, 'x'));
  else if (path === '/moved') redirect('/task.yaml');
  else if (path === '/away') redirect(`${other.url}/seen`);
  else if (path === '/metadata') redirect('http://169.254.169.254/latest/meta-data');
  else if (path === '/file') redirect('file:///etc/passwd');
  else if (path === '/loop') redirect('/loop');
  else if (path === '/api/v1/packages/tekton-task/tekton-catalog-tasks/build')
    response.end(
      json({
        available_versions: [{ version: '0.6.0' }, { version: '0.7.1' }, { version: '1.0.0-rc', prerelease: true }],
      }),
    );
  else if (/^\/api\/v1\/packages\/tekton-task\/tekton-catalog-tasks\/build\/0\.(6\.0|7\.1)$/.test(path))
    response.end(json({ data: { manifestRaw: yaml } }));
  else if (path === '/v1/resource/Tekton/task/build/0.6/yaml') response.end(json({ data: { yaml } }));
  else response.writeHead(404).end();
}

beforeAll(async () => {
  web = await serveWeb(answer);
  other = await serveWeb((_, response) => response.end(yaml));
  hosts = [web.host, other.host];
  api = startLocalApi();
  const { client } = api;
  await client.create(Namespace, { metadata: { name: namespace } });
  await client.create(Secret, { metadata: { name: 'login', namespace }, data: { password: base64('s3cret\n') } });
  const settings = async () => ({ ...defaultSettings, hosts, artifactHub: web.url });
  world = startResolvers({ client }, { http: httpResolver({ client, settings }), hub: hubResolver({ settings }) });
});
afterAll(async () => {
  await world.stop();
  await api.close();
  await web.close();
  await other.close();
});

describe('http', () => {
  const http = (path: string, more: Record<string, string> = {}) =>
    world.resolve('http', { url: path.startsWith('/') ? web.url + path : path, ...more });
  const login = { 'http-username': 'me', 'http-password-secret': 'login' };
  const sha256 = createHash('sha256').update(yaml).digest('hex');

  test.each([
    ['a file', '/task.yaml', {}],
    ['a file that has moved', '/moved', {}],
    ['with a password', '/private.yaml', login],
    ['with its digest', '/task.yaml', { digest: `sha256:${sha256}` }],
    ['with a longer digest', '/task.yaml', { digest: `sha512:${createHash('sha512').update(yaml).digest('hex')}` }],
  ])('%s', async (_, path, params) => {
    expect(await http(path, params as Record<string, string>)).toMatchObject({
      reason: 'ResolutionSuccessful',
      text: yaml,
      source: { uri: web.url + path, digest: { sha256 } },
    });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['/none', {}, /^error getting "Http" "dev\/r\d+": requested URL '.*\/none' is not found \(HTTP 404\)$/],
    ['/private.yaml', {}, /HTTP 401/],
    ['/private.yaml', { ...login, 'http-password-secret': 'nope' }, /secret nope not found in namespace dev$/],
    [
      '/private.yaml',
      { ...login, 'http-password-secret-key': 'x' },
      /key x not found in secret login in namespace dev$/,
    ],
    [
      '/private.yaml',
      { 'http-username': 'me' },
      /missing required param http-password-secret when using http-username$/,
    ],
    ['/long', {}, /exceeds maximum allowed size of 1048576 bytes$/],
    ['/loop', {}, /leads on more than 5 times$/],
    ['/file', {}, /leads to file:, which is not http\(s\)$/],
    ['/metadata', {}, /169\.254\.169\.254 is a link-local, metadata or multicast address$/],
    ['http://[::ffff:169.254.169.254]/', {}, /link-local, metadata or multicast address$/],
    ['http://0.0.0.0/', {}, /link-local, metadata or multicast address$/],
    ['http://127.0.0.1:1/x', {}, /is this machine itself, .* kf configure-server set resolvers\.hosts 127\.0\.0\.1:1$/],
    ['http://localhost:1/x', {}, /is this machine itself/],
    ['http://[::1]:1/x', {}, /is this machine itself/],
    ['http://2130706433:1/x', {}, /is this machine itself/],
    ['file:///etc/passwd', {}, /url file:\/\/\/etc\/passwd is not a valid http\(s\) url$/],
    ['nonsense', {}, /cannot parse url nonsense$/],
    ['/task.yaml', { digest: 'md5:1' }, /invalid digest algorithm: md5$/],
    ['/task.yaml', { digest: `sha256:${'0'.repeat(64)}` }, /SHA mismatch, expected 0{64}, got/],
  ])('%s %j', async (path, params, message) => {
    expect(await http(path, params)).toMatchObject({
      reason: 'ResolutionFailed',
      message: expect.stringMatching(message),
      text: '',
    });
  });

  test('a password goes nowhere else', async () => {
    expect(await http('/away', login)).toMatchObject({ text: yaml });
    expect(web.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
    expect(other.requests.at(-1)?.headers.authorization).toBeUndefined();
  });
});

describe('hub', () => {
  const hub = (params: Record<string, string>) => world.resolve('hub', params);
  const packages = '/api/v1/packages/tekton-task/tekton-catalog-tasks/build';

  test.each<[string, Record<string, string>, string]>([
    ['a version', { name: 'build', version: '0.6' }, `${packages}/0.6.0`],
    ['the newest that a constraint accepts', { name: 'build', version: '>= 0.6.0' }, `${packages}/0.7.1`],
    ['the newest but', { name: 'build', version: '~> 0.6, != 0.7.1' }, `${packages}/0.6.0`],
  ])('%s', async (_, params, path) => {
    expect(await hub(params)).toMatchObject({ text: yaml, source: { uri: web.url + path } });
  });

  test('a Tekton Hub', async () => {
    const params = { type: 'tekton', name: 'build', version: '0.6.0' };
    expect(await hub(params)).toMatchObject({
      message: expect.stringMatching(/no Tekton Hub is known: set the param url/),
    });
    expect(await hub({ ...params, url: `${web.url}/` })).toMatchObject({
      text: yaml,
      source: { uri: `${web.url}/v1/resource/Tekton/task/build/0.6/yaml` },
    });
  });

  test.each<[Record<string, string>, RegExp]>([
    [{ name: 'build' }, /missing required hub resolver params: version$/],
    [{ name: 'build', version: 'newest' }, /version param newest is neither a version nor a constraint/],
    [{ name: 'build', version: '> 9' }, /no version found for constraint > 9$/],
    [{ name: 'none', version: '1.0' }, /fail to fetch Artifact Hub resource: requested URL .* is not found/],
    [{ name: '../../../..', version: '1.0' }, /is not found/],
    [{ name: 'build', version: '1', kind: 'pod' }, /kind param must be one of: task, pipeline, stepaction$/],
    [{ name: 'build', version: '1', type: 'other' }, /type param must be artifact or tekton$/],
  ])('%j', async (params, message) => {
    expect(await hub(params)).toMatchObject({ reason: 'ResolutionFailed', message: expect.stringMatching(message) });
  });
});
