import { expect, test } from 'vitest';
import { resolveAlias } from '../../src/resources/image-alias.ts';
import { fullReference } from '../../src/resources/image-reference.ts';
import { isAlias, registryList } from '../../src/resources/image-settings.ts';

test('what is not said is nothing', () => {
  expect(registryList.read([{ prefix: 'docker.io' }])).toEqual([{ prefix: 'docker.io', mirrors: [], insecure: false }]);
  expect(() => registryList.read([{ prefix: 'quay.io/team' }, { prefix: 'localhost:5000' }])).not.toThrow();
});

test.each([
  [{}, 'must be a list of registries'],
  [['x'], '[0] must be a map'],
  [[{}], '[0].prefix must be text'],
  [[{ prefix: 'debian' }], '[0].prefix "debian" is no registry'],
  [[{ prefix: 'quay.io', mirrors: ['http://x'] }], '[0].mirrors[0] "http://x" is no registry'],
  [[{ prefix: 'quay.io', insecure: 'yes' }], '[0].insecure must be true or false'],
  [[{ prefix: 'quay.io', ca: 'ca.crt' }], '[0].ca must be an absolute path'],
  [[{ prefix: 'quay.io', mirror: 'x.io' }], '[0] has the unknown field mirror'],
])('%j is refused by name', (value, message) => {
  expect(() => registryList.read(value)).toThrow(message);
});

test('both sides of an alias are images', () => {
  expect([isAlias('ubuntu', 'x.io/ubuntu'), isAlias('Ubuntu', 'x.io/y'), isAlias('ubuntu', 'x y')]).toEqual([
    true,
    false,
    false,
  ]);
});

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;
const aliases = {
  ubuntu: 'registry.example.com/base/ubuntu',
  'ubuntu:24.04': 'registry.example.com/noble:7',
  [`ubuntu@${other}`]: 'localhost:5000/old:1',
  node: 'localhost:5000/node:20',
  'quay.io/team/tool': `localhost/tool@${digest}`,
};

test.each([
  ['ubuntu', 'registry.example.com/base/ubuntu:latest'],
  ['docker.io/library/ubuntu:22.04', 'registry.example.com/base/ubuntu:22.04'],
  ['ubuntu:24.04', 'registry.example.com/noble:7'],
  [`ubuntu@${digest}`, `registry.example.com/base/ubuntu@${digest}`],
  [`ubuntu@${other}`, 'localhost:5000/old:1'],
  [`ubuntu:24.04@${other}`, 'localhost:5000/old:1'],
  ['node', 'localhost:5000/node:20'],
  ['node:22', 'localhost:5000/node:22'],
  ['quay.io/team/tool', `localhost/tool@${digest}`],
  ['debian:12', 'docker.io/library/debian:12'],
])('%s means %s', (text, full) => {
  expect(fullReference(resolveAlias(text, aliases))).toBe(full);
});
