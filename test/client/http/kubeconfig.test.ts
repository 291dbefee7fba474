import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubeconfigOf } from '../../../src/apiserver/http/kubeconfig.ts';
import { loadKubeconfig } from '../../../src/client/http/kubeconfig.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kf-kubeconfig-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const yaml = (user: string, cluster = 'server: https://host:6443'): string => `
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c
  cluster: {${cluster}}
contexts:
- name: one
  context: {cluster: c, user: u, namespace: dev}
- name: two
  context: {cluster: c, user: nobody}
users:
- name: u
  user: ${user}
`;

describe('loadKubeconfig', () => {
  test('reads what the server writes', async () => {
    const options = { url: 'https://127.0.0.1:6786', ca: 'CERTIFICATE', token: 'secret', namespace: 'dev' };
    const config = await loadKubeconfig({ path: await write('own', kubeconfigOf(options)) });
    expect(config).toMatchObject({ server: options.url, ca: 'CERTIFICATE', token: 'secret', namespace: 'dev' });
  });

  test('reads YAML, with certificates in files beside it', async () => {
    await write('ca.pem', 'CA');
    await write('client.pem', 'CERT');
    const cluster = 'server: https://host:6443, certificate-authority: ca.pem, tls-server-name: other';
    const user = `{client-certificate: client.pem, client-key-data: ${Buffer.from('KEY').toString('base64')}}`;
    const config = await loadKubeconfig({ path: await write('yaml', yaml(user, cluster)) });
    expect(config).toMatchObject({ ca: 'CA', clientCertificate: 'CERT', clientKey: 'KEY', tlsServerName: 'other' });
  });

  test('reads a token from a file, a password, and whom to act as', async () => {
    await write('token', 'abc\n');
    const token = await loadKubeconfig({ path: await write('tokenfile', yaml('{tokenFile: token}')) });
    expect(token.token).toBe('abc');
    const user = '{username: me, password: pw, as: bob, as-groups: [g]}';
    expect(await loadKubeconfig({ path: await write('password', yaml(user)) })).toMatchObject({
      username: 'me',
      password: 'pw',
      impersonate: 'bob',
      impersonateGroups: ['g'],
    });
  });

  test('merges several files: the first that says something wins; missing ones do not matter', async () => {
    const first = await write('first', JSON.stringify({ 'current-context': 'one', contexts: [] }));
    const second = await write('second', yaml('{token: t}'));
    const config = await loadKubeconfig({ path: `${join(folder, 'absent')}:${first}:${second}` });
    expect(config).toMatchObject({ server: 'https://host:6443', token: 't' });
  });

  test.each([
    ['an exec plugin', yaml('{exec: {command: gke-gcloud-auth-plugin}}'), /exec plugin \(gke-gcloud-auth-plugin\)/],
    ['an auth provider', yaml('{auth-provider: {name: oidc}}'), /auth provider oidc/],
    ['a proxy', yaml('{}', 'server: https://x, proxy-url: http://p'), /proxy-url/],
    ['no server', yaml('{}', 'x: y'), /cluster "c" has no server/],
    ['a missing file', yaml('{}', 'server: https://x, certificate-authority: nowhere.pem'), /nowhere\.pem/],
    ['no YAML', '{"a": [', /kubeconfig|flow/i],
    ['something else', '[1]', /is no kubeconfig/],
    ['no current context', '{}', /no current-context/],
  ])('refuses %s', async (_name, content, message) => {
    const path = await write('refused', content);
    await expect(loadKubeconfig({ path })).rejects.toThrow(message);
    await expect(loadKubeconfig({ path })).rejects.toMatchObject({ name: 'KubeconfigError' });
  });

  test('refuses unknown contexts and users by name', async () => {
    const path = await write('contexts', yaml('{token: t}'));
    await expect(loadKubeconfig({ path, context: 'three' })).rejects.toThrow('there is no context "three"');
    await expect(loadKubeconfig({ path, context: 'two' })).rejects.toThrow('names the user "nobody", which is missing');
    await expect(loadKubeconfig({ path: join(folder, 'absent') })).rejects.toThrow(/cannot read the kubeconfig/);
  });
});
