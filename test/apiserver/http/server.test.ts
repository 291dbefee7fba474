import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHttpServer } from '../../../src/apiserver/http/server.ts';
import { HttpClient } from '../../../src/client/http/http-client.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { startServer, type TestServer, tlsForTests } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

describe('who may ask', () => {
  test.each([
    ['no token', { token: null }],
    ['a wrong token', { token: 'guess' }],
    ['another scheme', { token: null, headers: { Authorization: 'Basic YTpi' } }],
  ])('401 for %s', async (_name, options) => {
    const answer = await server.request('GET', '/api/v1/namespaces', options);
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
  });

  test('health needs no token', async () => {
    for (const path of ['/healthz', '/livez', '/readyz'])
      expect(await server.request('GET', path, { token: null })).toMatchObject({ status: 200, text: 'ok' });
    expect((await server.request('GET', '/version', { token: null })).status).toBe(401);
  });

  test.each([
    ['a foreign Host', { Host: 'attacker.example' }],
    ['a Host that only looks local', { Host: '127.0.0.1.attacker.example' }],
    ['a page of another site', { Origin: 'https://attacker.example' }],
    ['a page of no site', { Origin: 'null' }],
    ['a cross-site fetch', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('403 for %s', async (_name, headers) => {
    const answer = await server.request('GET', '/api', { headers });
    expect(answer).toMatchObject({ status: 403 });
    expect(answer.json.reason).toBe('Forbidden');
  });

  test('localhost, and what a dashboard on this machine passes on for its page, are welcome', async () => {
    const { port } = new URL(server.url);
    const welcome: Record<string, string>[] = [{ Host: `localhost:${port}` }, { Origin: 'http://127.0.0.1:9097' }];
    for (const headers of welcome) expect((await server.request('GET', '/version', { headers })).status).toBe(200);
  });
});

describe('the socket of this machine', () => {
  test('is its owner’s alone, and answers who has a token', async () => {
    expect(statSync(server.socket).mode & 0o777).toBe(0o600);
    const { url, socket, token } = server;
    const client = new HttpClient({ server: url, socket, token });
    expect((await client.list(Namespace)).items.map(({ metadata }) => metadata.name)).toContain('default');
    client.close();
    const guess = new HttpClient({ server: url, socket, token: 'guess' });
    await expect(guess.list(Namespace)).rejects.toMatchObject({ status: { code: 401 } });
    guess.close();
  });

  test('takes the place of one that a killed server left; the file mode mask stays', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kf-socket-'));
    const path = join(folder, 'api.sock');
    writeFileSync(path, '');
    const mask = process.umask();
    const again = openHttpServer({ tls: await tlsForTests() });
    await again.listenAt(path);
    expect(statSync(path).isSocket()).toBe(true);
    expect(process.umask()).toBe(mask);
    await again.close();
    expect(existsSync(path)).toBe(false);
    await expect(
      openHttpServer({ tls: await tlsForTests() }).listenAt(join(folder, 'x'.repeat(120))),
    ).rejects.toThrow();
    expect(process.umask()).toBe(mask);
    rmSync(folder, { recursive: true });
  });
});

describe('what is served', () => {
  test('/version says minor 32: dispatching kubectls choose their client by it', async () => {
    const { json } = await server.request('GET', '/version');
    expect(json).toMatchObject({ major: '1', minor: '32', gitVersion: 'v1.32.0+kf-0.1.0' });
    expect(json.platform).toMatch(/^linux\//);
  });

  test.each([
    ['GET', '/nope', 404, 'NotFound'],
    ['GET', '/apis/nope.dev/v1', 404, 'NotFound'],
    ['GET', '/apis/kf.dev/v1alpha1/nopes', 404, 'NotFound'],
    ['GET', '/api/v1/namespaces/dev/pods/p/nope', 404, 'NotFound'],
    ['GET', '/api/v1/namespaces/dev/nodes', 404, 'NotFound'],
    ['POST', '/api/v1/namespaces/dev/serviceaccounts/default/token', 404, 'NotFound'],
    ['POST', '/api/v1/namespaces/dev/services', 405, 'MethodNotAllowed'],
    ['GET', '/api/v1/namespaces/dev/services/x', 404, 'NotFound'],
    ['POST', '/version', 405, 'MethodNotAllowed'],
    ['PUT', '/api/v1/namespaces', 405, 'MethodNotAllowed'],
    ['DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tasks.kf.dev', 405, 'MethodNotAllowed'],
    ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 405, 'MethodNotAllowed'],
    ['GET', '/api/v1/namespaces/%zz', 400, 'BadRequest'],
    ['POST', '/api/v1/namespaces/dev/pods/p/portforward', 404, 'NotFound'],
    ['POST', '/api/v1/namespaces/dev/pods/p/exec', 400, 'BadRequest'],
  ])('%s %s: %i %s as a Status', async (method, path, code, reason) => {
    const answer = await server.request(method, path);
    expect(answer).toMatchObject({ status: code });
    expect(answer.json).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code });
  });

  test('an Accept without JSON: 406', async () => {
    const headers = { Accept: 'application/vnd.kubernetes.protobuf' };
    expect((await server.request('GET', '/api/v1/namespaces', { headers })).status).toBe(406);
  });
});

describe('reviews', () => {
  const post = (path: string, headers = {}) => server.request('POST', path, { body: {}, headers });

  test('everything is allowed to whoever holds a token', async () => {
    const access = await post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
    expect(access).toMatchObject({ status: 201, json: { status: { allowed: true } } });
    const rules = await post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews');
    expect(rules.json.status.resourceRules).toEqual([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]);
  });

  test('who is asking; an administrator may act as others', async () => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    expect((await post(path)).json.status.userInfo.username).toBe('admin');
    const headers = { 'Impersonate-User': 'eve', 'Impersonate-Group': ['a', 'b'] };
    expect((await post(path, headers)).json.status.userInfo).toEqual({
      username: 'eve',
      groups: ['a', 'b', 'system:authenticated'],
    });
    const refused = await server.request('POST', path, { body: {}, headers, token: 'a-token-of-bob' });
    expect(refused).toMatchObject({ status: 403 });
  });
});

describe('customresourcedefinitions', () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

  test('are computed from the kinds', async () => {
    const list = await server.request('GET', path);
    const names = list.json.items.map((crd: { metadata: { name: string } }) => crd.metadata.name);
    expect(names).toContain('tasks.kf.dev');
    expect(names).not.toContain('pods.');
    const one = await server.request('GET', `${path}/tasks.kf.dev`);
    expect(one.json.spec.names.kind).toBe('Task');
    expect((await server.request('GET', `${path}/nope`)).json.reason).toBe('NotFound');
  });

  test('are sorted and selected as others', async () => {
    const names = async (query: string): Promise<readonly string[]> =>
      (await server.request('GET', `${path}?${query}`)).json.items.map(
        (crd: { metadata: { name: string } }) => crd.metadata.name,
      );
    const all = await names('');
    expect(all).toEqual([...all].sort());
    expect(await names('labelSelector=team%3Dx')).toEqual([]);
    expect(await names('fieldSelector=metadata.name%3Dtasks.kf.dev')).toEqual(['tasks.kf.dev']);
    expect((await server.request('GET', `${path}?fieldSelector=spec.group%3Dkf.dev`)).status).toBe(400);
  });
});

test('there are no services, which kubectl cluster-info asks for first', async () => {
  const query = 'labelSelector=kubernetes.io%2Fcluster-service%3Dtrue';
  const { status, json } = await server.request('GET', `/api/v1/namespaces/kube-system/services?${query}`);
  expect(status).toBe(200);
  expect(json).toMatchObject({ kind: 'ServiceList', apiVersion: 'v1', items: [] });
});

describe('bodies', () => {
  const path = '/api/v1/namespaces';

  test('above 3 MiB: 413, whether announced or not', async () => {
    const body = Buffer.alloc(3 * 2 ** 20 + 1, 32);
    expect((await server.request('POST', path, { body })).status).toBe(413);
    const chunked = await server.request('POST', path, { body, headers: { 'Transfer-Encoding': 'chunked' } });
    expect(chunked.status).toBe(413);
  });

  test.each([
    ['broken JSON', '{', 'application/json', 400],
    ['broken YAML', 'a: [', 'application/yaml', 400],
    ['nothing', '', 'application/json', 400],
    ['CBOR', 'x', 'application/cbor', 415],
  ])('%s', async (_name, body, type, code) => {
    const answer = await server.request('POST', path, { body, headers: { 'Content-Type': type } });
    expect(answer.status).toBe(code);
  });

  test('YAML', async () => {
    const body = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: from-yaml}\n';
    const answer = await server.request('POST', path, { body, headers: { 'Content-Type': 'application/yaml' } });
    expect(answer).toMatchObject({ status: 201, json: { metadata: { name: 'from-yaml' } } });
  });
});

describe('listening', () => {
  test('a port that is taken is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const second = openHttpServer({ tls: { cert: server.ca, key: '' } });
    await expect(second.listen(port)).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
    await new Promise((resolve) => other.close(resolve));
  });

  test('before there is anything to serve: 503, also to probes', async () => {
    const tls = await tlsForTests();
    const starting = openHttpServer({ tls });
    const { url } = await starting.listen(0);
    const client = new HttpClient({ server: url, ca: tls.ca, token: 't' });
    await expect(client.list(Namespace)).rejects.toMatchObject({ code: 503, message: 'the server is starting' });
    starting.serve({
      api: server.api,
      logs: { async *read() {} },
      sources: { receive: async () => ({ image: '' }), has: async () => false },
      version: '0',
      tokens: new Map([['t', { user: 'me', groups: ['system:masters'] }]]),
    });
    expect((await client.list(Namespace)).items.length).toBeGreaterThan(0);
    client.close();
    await starting.close();
  });
});

test('nothing of all this was our own fault', () => {
  expect(server.faults).toEqual([]);
});
