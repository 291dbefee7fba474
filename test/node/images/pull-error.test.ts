/** What skopeo 1.9 says of each, as it was seen, and what is made of it. */

import { describe, expect, test } from 'vitest';
import { CommandError } from '../../../src/node/host/run-command.ts';
import { pullErrorOf } from '../../../src/node/images/pull-error.ts';
import { parseImageReference } from '../../../src/resources/image-reference.ts';

const fatal = (text: string): CommandError =>
  new CommandError('skopeo', [], `exit code 1: time="2026-11-21T10:25:24Z" level=fatal msg=${JSON.stringify(text)}`, 1);
const reference = parseImageReference('r.example:5000/team/app:2');
const source = 'initializing source docker://r.example:5000/team/app:2: ';
const pinging = 'pinging container registry r.example:5000: ';
const reading = 'reading manifest 2 in r.example:5000/team/app: ';
const get = 'Get "https://r.example:5000/v2/": ';

/** What skopeo says; whether it is final; the words; what it said, without its frame. */
const cases: readonly (readonly [string, string, RegExp, string])[] = [
  [
    `${reading}manifest unknown: manifest unknown`,
    'fact',
    /^registry r.example:5000 has no image team\/app:2: check/,
    'manifest unknown',
  ],
  [
    `${reading}unauthorized: authentication required`,
    'fact',
    /^registry r.example:5000 gives nobody the image team\/app:2 without .* CF_DOCKER_PASSWORD/,
    'unauthorized: authentication required',
  ],
  [
    `${reading}errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required\n`,
    'fact',
    /or has none of that name/,
    'denied: requested access to the resource is denied; unauthorized: authentication required',
  ],
  [
    'Requesting bear token: invalid status code from registry 403 (Forbidden): denied',
    'fact',
    /gives nobody/,
    'Requesting bear token: invalid status code from registry 403 (Forbidden): denied',
  ],
  [
    `${pinging}${get}dial tcp: lookup r.example on 10.0.0.1:53: no such host`,
    'passing',
    /^registry r.example:5000 is not found: .* --mirror HOST/,
    'no such host',
  ],
  [
    `${pinging}${get}dial tcp 127.0.0.1:5000: connect: connection refused`,
    'passing',
    /^registry r.example:5000 does not answer: check/,
    'connection refused',
  ],
  [`${pinging}${get}dial tcp 192.0.2.1:5000: i/o timeout`, 'passing', /does not answer/, 'i/o timeout'],
  [
    `${reading}toomanyrequests: You have reached your pull rate limit`,
    'passing',
    /that often: log in .* --mirror/,
    'toomanyrequests: You have reached your pull rate limit',
  ],
  [
    `${pinging}invalid status code from registry 503 (Service Unavailable)`,
    'passing',
    /fault of its own/,
    'invalid status code from registry 503 (Service Unavailable)',
  ],
  [
    `${pinging}received unexpected HTTP status: 503 Service Unavailable`,
    'passing',
    /fault of its own/,
    'received unexpected HTTP status: 503 Service Unavailable',
  ],
  [
    `${pinging}${get}http: server gave HTTP response to HTTPS client`,
    'fact',
    /set-registry r.example:5000 --insecure/,
    'server gave HTTP response to HTTPS client',
  ],
  [
    `${pinging}${get}x509: certificate signed by unknown authority`,
    'fact',
    /set-registry r.example:5000 --ca FILE/,
    'x509: certificate signed by unknown authority',
  ],
  [`${reading}StatusCode: 404, <html>`, 'fact', /is no registry of images/, 'StatusCode: 404, <html>'],
  [
    'writing blob: storing blob to file "/var/tmp/storage1/1": happened during read: Digest did not match, expected sha256:c9, got sha256:d4',
    'damaged',
    /^what registry r.example:5000 sent is damaged/,
    'Digest did not match, expected sha256:c9, got sha256:d4',
  ],
];

test.each(cases)('%s', (text, kind, words, said) => {
  const isWriting = text.startsWith('writing') || text.startsWith('Requesting');
  const error = pullErrorOf(fatal(isWriting ? text : source + text), reference);
  expect(error).toMatchObject({ kind, said, reason: 'ErrImagePull' });
  expect(error.message).toMatch(words);
  expect(error.message).toContain(`(${said})`);
});

test('a registry of this machine is asked for there', () => {
  const text =
    'initializing source docker://127.0.0.1:5000/app:1: pinging container registry 127.0.0.1:5000: Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused';
  expect(pullErrorOf(fatal(text), parseImageReference('127.0.0.1:5000/app:1')).message).toBe(
    'registry 127.0.0.1:5000 does not answer: does it run, on that port? (connection refused)',
  );
});

test('a name that is none', () => {
  const text =
    'Invalid source name docker://UPPER/x:latest: invalid reference format: repository name must be lowercase';
  expect(pullErrorOf(fatal(text), reference)).toMatchObject({ kind: 'fact', reason: 'InvalidImageName' });
});

describe('mirrors', () => {
  const of = (mirror: string, own: string) =>
    `initializing source docker://r.example:5000/team/app:2: (Mirrors also failed: [m.example/app:2: ${mirror}]): r.example:5000/team/app:2: ${own}`;

  test('what the registry itself says decides; what they say is told, too', () => {
    const text = of(
      'reading manifest 2 in m.example/app: manifest unknown: manifest unknown',
      `${pinging}${get}dial tcp: lookup r on x:53: no such host`,
    );
    const { kind, message } = pullErrorOf(fatal(text), reference);
    expect(kind).toBe('passing');
    expect(message).toContain('(no such host; its mirrors failed, too: manifest unknown)');
  });
});

test('what nobody foresaw is told as it is, and may pass', () => {
  expect(pullErrorOf(fatal(`${source}something odd`), reference)).toMatchObject({
    kind: 'passing',
    message: 'registry r.example:5000: something odd',
  });
});

test('a file that holds no image', () => {
  expect(pullErrorOf(fatal('Error loading tar component manifest.json: file "manifest.json" not found'))).toMatchObject(
    {
      kind: 'fact',
      message: expect.stringContaining("the image's file holds no such image ("),
    },
  );
});
