/** What skopeo 1.9 says of each, as it was seen. */

import { expect, test } from 'vitest';
import { CommandError } from '../../../src/node/host/run-command.ts';
import { pullErrorOf } from '../../../src/node/images/pull-error.ts';

const fatal = (text: string): CommandError =>
  new CommandError('skopeo', [], `exit code 1: time="2026-11-21T10:25:24Z" level=fatal msg=${JSON.stringify(text)}`, 1);
const source = 'initializing source docker://127.0.0.1:5000/team/app:2: ';

test.each([
  ['reading manifest 2 in 127.0.0.1:5000/team/app: manifest unknown: manifest unknown', 'fact'],
  ['reading manifest latest in 127.0.0.1:5000/team/nope: unauthorized: authentication required', 'fact'],
  ['Requesting bear token: invalid status code from registry 403 (Forbidden): denied', 'fact'],
  [
    'pinging container registry nope.invalid: Get "https://nope.invalid/v2/": dial tcp: lookup nope.invalid: no such host',
    'passing',
  ],
  ['pinging container registry x: Get "http://x/v2/": dial tcp 127.0.0.1:5056: connect: connection refused', 'passing'],
  ['reading manifest 2 in docker.io/library/debian: toomanyrequests: You have reached your pull rate limit', 'passing'],
  ['pinging container registry x: received unexpected HTTP status: 503 Service Unavailable', 'passing'],
])('%s', (text, kind) => {
  expect(pullErrorOf(fatal(source + text))).toMatchObject({ message: text, kind, reason: 'ErrImagePull' });
});

test('what can be changed on this machine is said', () => {
  const plain =
    'pinging container registry x:5: Get "https://x:5/v2/": http: server gave HTTP response to HTTPS client';
  expect(pullErrorOf(fatal(source + plain))).toMatchObject({
    kind: 'fact',
    message: expect.stringContaining('--insecure'),
  });
  const unknown =
    'pinging container registry x:5: Get "https://x:5/v2/": x509: certificate signed by unknown authority';
  expect(pullErrorOf(fatal(source + unknown))).toMatchObject({
    kind: 'fact',
    message: expect.stringContaining('--ca FILE'),
  });
});

test('damage is told from the rest', () => {
  const text =
    'writing blob: storing blob to file "/var/tmp/storage1/1": happened during read: Digest did not match, expected sha256:c9, got sha256:d4';
  expect(pullErrorOf(fatal(text))).toMatchObject({
    kind: 'damaged',
    message: 'what the registry sent is damaged: Digest did not match, expected sha256:c9, got sha256:d4',
  });
});
