import { expect, test } from 'vitest';
import type { Secret } from '../../../src/resources/core/kinds.ts';
import { credentialFiles } from '../../../src/tekton/task-run/credentials.ts';

const secret = (
  name: string,
  type: string,
  annotations: Record<string, string>,
  data: Record<string, string>,
): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, annotations },
  type,
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});
const basic = (name: string, annotations: Record<string, string>) =>
  secret(name, 'kubernetes.io/basic-auth', annotations, { username: 'dom\\us/er', password: 'p@ss' });
const ssh = (name: string, address: string, known = {}) =>
  secret(
    name,
    'kubernetes.io/ssh-auth',
    { 'tekton.dev/git-0': address },
    { 'ssh-privatekey': `key of ${name}\n`, ...known },
  );

test('nothing for Secrets that are for something else', () => {
  const none = [
    basic('plain', {}),
    secret('opaque', 'Opaque', { 'tekton.dev/git-0': 'https://git.test' }, { username: 'u', password: 'p' }),
    secret('broken', 'kubernetes.io/dockerconfigjson', {}, { '.dockerconfigjson': 'no JSON' }),
  ];
  expect([...credentialFiles(none)]).toEqual([]);
});

test('passwords for git: those of one repository count after those of its host', () => {
  const files = credentialFiles([
    basic('b', { 'tekton.dev/git-0': 'https://git.test/org/repo', 'tekton.dev/git-1': 'https://git.test' }),
  ]);
  expect(files.get('.git-credentials')).toBe(
    'https://dom%5Cus%2Fer:p%40ss@git.test\nhttps://dom%5Cus%2Fer:p%40ss@git.test/org/repo\n',
  );
  expect(files.get('.gitconfig')).toBe(
    [
      '[credential]\n\thelper = store\n',
      '[credential "https://git.test"]\n\tusername = dom\\\\us/er\n',
      '[credential "https://git.test/org/repo"]\n\tusername = dom\\\\us/er\n\tuseHttpPath = true\n',
    ].join(''),
  );
});

test('keys for git: several of one host, one of a repository, hosts that are known', () => {
  const files = credentialFiles([
    ssh('r', 'git.test:2222/org/repo'),
    ssh('a', 'git.test', { known_hosts: 'one' }),
    ssh('b', 'git.test', { known_hosts: 'two' }),
  ]);
  expect(files.get('.ssh/id_a')).toBe('key of a\n');
  expect(files.get('.ssh/known_hosts')).toBe('one\ntwo');
  expect(files.get('.ssh/config')).toBe(
    [
      'Host git.test\n    HostName git.test\n    Port 22\n',
      '    IdentityFile /tekton/creds/.ssh/id_a\n    IdentityFile /tekton/creds/.ssh/id_b\n',
      'Host git.test--org--repo\n    HostName git.test\n    Port 2222\n    IdentityFile /tekton/creds/.ssh/id_r\n',
    ].join(''),
  );
  expect(files.get('.gitconfig')).toContain('insteadOf = ssh://git.test:2222/org/repo.git\n');
});

test('registries, of all three kinds of Secrets', () => {
  const files = credentialFiles([
    basic('b', { 'tekton.dev/docker-0': 'https://a.test' }),
    secret(
      'j',
      'kubernetes.io/dockerconfigjson',
      {},
      { '.dockerconfigjson': '{"auths":{"a.test":{"auth":"x"},"b.test":{"auth":"y"}}}' },
    ),
    secret('c', 'kubernetes.io/dockercfg', {}, { '.dockercfg': '{"b.test":{"auth":"old"},"c.test":{"auth":"z"}}' }),
  ]);
  expect(JSON.parse(files.get('.docker/config.json') ?? '')).toEqual({
    auths: {
      'a.test': { auth: 'x' },
      'b.test': { auth: 'y' },
      'c.test': { auth: 'z' },
      'https://a.test': {
        username: 'dom\\us/er',
        password: 'p@ss',
        auth: Buffer.from('dom\\us/er:p@ss').toString('base64'),
        email: 'not@val.id',
      },
    },
  });
});
