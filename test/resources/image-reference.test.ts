import { expect, test } from 'vitest';
import {
  fullReference,
  isLoopback,
  isOwnImage,
  parseImageReference,
  usualPullPolicy,
  withDigest,
} from '../../src/resources/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['debian', 'docker.io/library/debian:latest'],
  ['debian:12', 'docker.io/library/debian:12'],
  ['docker://debian:12', 'docker.io/library/debian:12'],
  ['team/app', 'docker.io/team/app:latest'],
  ['docker.io/debian', 'docker.io/library/debian:latest'],
  ['index.docker.io/debian', 'docker.io/library/debian:latest'],
  ['localhost/app:1', 'localhost/app:1'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['127.0.0.1:5000/team/app:v1.0_x', '127.0.0.1:5000/team/app:v1.0_x'],
  ['quay.io/a/b/c__d-e', 'quay.io/a/b/c__d-e:latest'],
  [`debian:12@${digest}`, `docker.io/library/debian@${digest}`],
  [`kf.local/dev/app@${digest}`, `kf.local/dev/app@${digest}`],
  ['[::1]:5000/app', '[::1]:5000/app:latest'],
])('%s is %s', (text, full) => {
  expect(fullReference(parseImageReference(text))).toBe(full);
});

test.each([
  ['', 'it has no name'],
  ['Debian', 'the name must be lower case'],
  ['debian:', '"" is no tag'],
  ['debian:-x', '"-x" is no tag'],
  ['debian@sha256:abc', '"sha256:abc" is no digest (sha256:…)'],
  ['a b', '"a b" is no part of a name'],
  ['quay.io/', 'it has no name'],
  ['quay.io//x', '"" is no part of a name'],
  ['quay.io:x/y', '"quay.io:x" is no registry'],
  ['-quay.io/y', '"-quay.io" is no registry'],
  ['../x', '".." is no registry'],
  ['a'.repeat(64), 'a name of 64 hexadecimal digits is an identifier'],
  ['--help', '"--help" is no part of a name'],
  ['x\n/y', '"x\\n" is no part of a name'],
])('%j is none', (text, why) => {
  expect(() => parseImageReference(text)).toThrow(`${JSON.stringify(text)} is no image: ${why}`);
});

test('what moves is asked for each time', () => {
  const policy = (text: string) => usualPullPolicy(parseImageReference(text));
  expect([policy('debian'), policy('debian:latest'), policy('debian:12'), policy(`debian@${digest}`)]).toEqual([
    'Always',
    'Always',
    'IfNotPresent',
    'IfNotPresent',
  ]);
});

test('own images, and registries of this machine', () => {
  expect([isOwnImage('kf.local/dev/app@x'), isOwnImage('kf.localhost/x')]).toEqual([true, false]);
  expect(
    ['localhost', 'localhost:5000', '127.1.2.3:80', '[::1]:5', 'localhost.example.com', '128.0.0.1'].map(isLoopback),
  ).toEqual([true, true, true, true, false, false]);
  expect(withDigest(parseImageReference('debian:12'), digest)).toBe(`docker.io/library/debian@${digest}`);
});
