import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { guardedLookup, isRefused } from '../../../src/client/outgoing/addresses.ts';
import { delayAfter, longestTrial, outcomeOf } from '../../../src/controllers/notify/delivery.ts';
import { excess } from '../../../src/controllers/notify/excess.ts';
import { endOfLog } from '../../../src/controllers/notify/log-end.ts';
import { RateLimiter } from '../../../src/controllers/notify/rate-limiter.ts';
import { webhookHeaders } from '../../../src/controllers/notify/signature.ts';
import type { Notification } from '../../../src/resources/kf/notification.ts';
import { notifyUrlComplaint, shownUrl } from '../../../src/resources/kf/notify.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('what becomes of a post', () => {
  const outcome = (status: number, more = {}) =>
    outcomeOf({ result: { status, text: '', ...more }, attempts: 1, age: 0 });

  test('2xx is taken, 410 ends it, everything else is tried again', () => {
    for (const status of [200, 202, 204, 299]) expect(outcome(status).reason).toBe('Delivered');
    expect(outcome(410).reason).toBe('Gone');
    for (const status of [199, 301, 302, 307, 400, 401, 404, 429, 500, 503])
      expect(outcome(status)).toMatchObject({ reason: 'Pending', wait: 5_000 });
    expect(outcome(302).message).toContain('not followed');
    const refused = outcomeOf({ result: new Error('connect ECONNREFUSED'), attempts: 3, age: 0 });
    expect(refused).toMatchObject({ reason: 'Pending', message: 'connect ECONNREFUSED', wait: 45_000 });
  });

  test('Retry-After is obeyed, up to two hours', () => {
    expect(outcome(429, { retryAfter: 60_000 })).toMatchObject({ wait: 60_000 });
    expect(outcome(503, { retryAfter: 1e9 })).toMatchObject({ wait: 7_200_000 });
    expect(outcome(503, { retryAfter: 0 })).toMatchObject({ wait: 5_000 });
  });

  test('back-off ends after 24 hours', () => {
    let [age, attempts] = [0, 0];
    for (;;) {
      attempts++;
      const end = outcomeOf({ result: new Error('down'), attempts, age });
      if (end.reason !== 'Pending') {
        expect(end).toEqual({ reason: 'GaveUp', message: 'not delivered within 24 hours: down' });
        break;
      }
      age += end.wait;
    }
    expect(age).toBeLessThanOrEqual(longestTrial);
    expect(age).toBeGreaterThan(longestTrial - delayAfter(99) * 1.01);
    expect(attempts).toBe(19);
  });
});

test('signed as Standard Webhooks has it', () => {
  // The example of its specification.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const body = '{"test": 2432232314}';
  const headers = webhookHeaders({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body }, secret);
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
  const plain = webhookHeaders({ id: 'a', timestamp: 1, body }, 'any other text');
  const expected = createHmac('sha256', 'any other text').update(`a.1.${body}`).digest('base64');
  expect(plain['webhook-signature']).toBe(`v1,${expected}`);
});

test('addresses that are never posted to', () => {
  for (const address of [
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    'no address',
  ])
    expect(isRefused(address), address).toBe(true);
  for (const address of ['127.0.0.1', '10.0.0.1', '192.168.1.1', '8.8.8.8', '::1', 'fd00::1', '2001:db8::1'])
    expect(isRefused(address), address).toBe(false);
});

test('a name is looked at once it is resolved, and the connection goes where we have looked', async () => {
  const resolve = (name: string) =>
    new Promise((settle) => guardedLookup(name, { all: true }, (error, found) => settle(error?.message ?? found)));
  expect(await resolve('169.254.169.254')).toBe('169.254.169.254 is a link-local, metadata or multicast address');
  expect(await resolve('127.0.0.1')).toEqual([{ address: '127.0.0.1', family: 4 }]);
  expect(await resolve('no-such-name.invalid')).toContain('no-such-name.invalid');
});

test('URLs', () => {
  for (const url of ['ftp://x', 'x', 'http://u:p@x/', 'http://x/#a', `http://x/${'a'.repeat(3000)}`])
    expect(notifyUrlComplaint(url), url).toBeDefined();
  for (const url of ['http://127.0.0.1:1', 'https://x/a?b=c']) expect(notifyUrlComplaint(url), url).toBeUndefined();
  expect(shownUrl('https://hooks.example.org/T0/secret?x')).toBe('https://hooks.example.org/…');
  expect(shownUrl('https://example.org')).toBe('https://example.org');
});

describe('the end of a log', () => {
  const chunks = (...parts: readonly (string | Buffer)[]) =>
    (async function* () {
      for (const part of parts) yield Buffer.from(part);
    })();

  test('its last 20 lines', async () => {
    const log = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join('');
    const { lines, cut } = await endOfLog(chunks(log.slice(0, 100), log.slice(100)));
    expect(lines).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 10}`));
    expect(cut).toBe(false);
    expect(await endOfLog(chunks())).toEqual({ lines: [], cut: false });
    expect((await endOfLog(chunks('a\n\nb'))).lines).toEqual(['a', '', 'b']);
  });

  test('at most 8 KiB, cut between characters, always valid', async () => {
    const { lines, cut } = await endOfLog(chunks('€'.repeat(10_000)));
    expect(cut).toBe(true);
    expect(lines).toHaveLength(1);
    expect(Buffer.byteLength(lines[0]!)).toBeLessThanOrEqual(8192);
    expect(lines[0]).toMatch(/^€+$/);
    expect((await endOfLog(chunks(Buffer.from([0x61, 0xff, 0xfe, 0x0a])))).lines).toEqual(['a\ufffd\ufffd']);
  });
});

test('a storm: 20 at once, then one a second, two under way', () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock);
  const [first, second] = [limiter.enter('a'), limiter.enter('a')] as (() => void)[];
  expect(limiter.enter('a')).toBeGreaterThan(0);
  expect(limiter.enter('b')).toBeTypeOf('function');
  first!();
  second!();
  let sent = 2;
  for (; ; sent++) {
    const leave = limiter.enter('a');
    if (typeof leave === 'number') break;
    leave();
  }
  expect(sent).toBe(20);
  // However many ask, they are told to come back one after the other.
  const waits = Array.from({ length: 5 }, () => limiter.enter('a') as number);
  expect(waits.map((wait, index) => wait - (waits[index - 1] ?? wait - 250))).toEqual([250, 250, 250, 250, 250]);
  clock.advance(1_000);
  expect(limiter.enter('a')).toBeTypeOf('function');
});

test('200 that are done and 500 that wait are kept', () => {
  const all = Array.from({ length: 1500 }, (_, index) => ({
    apiVersion: '',
    kind: '',
    metadata: { name: `n${index}` },
    spec: { event: 'failed', id: '', time: new Date(index * 1000).toISOString() },
    ...(index % 2 === 0 ? { status: { conditions: [{ type: 'Succeeded', status: 'True' }] } } : {}),
  })) as unknown as Notification[];
  const { done, waiting } = excess(all);
  expect([done.length, waiting.length]).toEqual([550, 250]);
  expect(done.map(({ metadata }) => metadata.name)).toContain('n0');
  expect(waiting.map(({ metadata }) => metadata.name)).toContain('n1');
});
