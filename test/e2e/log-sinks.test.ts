/** What Tasks print reaches sinks: rsyslog itself, a Fluentd receiver, OTLP, a file; down, slow, restarted, killed. */

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/node/forward/log-record.ts';
import { openTransport } from '../../src/node/forward/open-transport.ts';
import type { Transport } from '../../src/node/forward/transport.ts';
import type { LogSink } from '../../src/resources/kf/log-sink.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { Kf } from '../support/kf.ts';
import { connect, finished, logged, space, startTask } from '../support/kf-tasks.ts';
import { type Certificate, FluentdReceiver, Rsyslog } from '../support/log-receivers.ts';

let dir: string;
let certificate: Certificate;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kf-sinks-'));
  certificate = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', certificate.key, '-out', certificate.cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const soon = <T>(read: () => Promise<T> | T) => expect.poll(read, { interval: 50 });

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const origin = { space: 'dev', app: 'etl', task: 'etl-x7k2p', id: 12, job: 'nightly', attempt: 2 };
const record = (message: string, more: Partial<LogRecord> = {}): LogRecord => ({
  origin,
  stream: 'stdout',
  time: '2026-03-29T01:30:00.123456789Z',
  message,
  ...more,
});
/** What protocols get wrong: quotes, brackets, control characters, other alphabets, nothing, more than a message. */
const awkward = [
  'plain',
  '',
  'a "quote" ] and \\ back',
  'tab\tand \x07 bell',
  'naïve ☃ 漢字',
  `${'long ☃ '.repeat(3000)}end`,
];

async function sending(
  url: string,
  secret: Readonly<Record<string, string>>,
  use: (transport: Transport) => Promise<void>,
) {
  const transport = openTransport(url, secret, async () => {});
  try {
    await transport.probe();
    await use(transport);
  } finally {
    transport.close();
  }
}

describe('rsyslog', () => {
  const arrived = async (receiver: Rsyslog): Promise<string> =>
    (await receiver.entries()).map(({ message }) => message).join('|');

  test.each([
    ['TCP', 'syslog', false],
    ['TLS', 'syslog-tls', true],
  ])('over %s: every byte, once, with its fields', async (_, scheme, tls) => {
    const receiver = new Rsyslog(dir, scheme, tls ? { tls: certificate } : {});
    await receiver.start();
    const secret: Record<string, string> = tls ? { 'ca.crt': await readFile(certificate.cert, 'utf8') } : {};
    try {
      await sending(`${scheme}://127.0.0.1:${receiver.port}`, secret, async (transport) => {
        await transport.send(awkward.map((message) => record(message)));
        await transport.send([record('second batch', { stream: 'stderr', time: '2026-03-29T01:30:01.5Z' })]);
      });
      await soon(async () => (await receiver.entries()).at(-1)?.message).toBe('second batch');
      const entries = await receiver.entries();
      expect(entries[0]).toEqual({
        priority: '14',
        time: '2026-03-29T01:30:00.123456Z',
        app: 'etl',
        process: 'etl-x7k2p',
        id: 'stdout',
        data: '[kf@32473 space="dev" app="etl" task="etl-x7k2p" id="12" job="nightly" attempt="2" stream="stdout"]',
        message: 'plain',
      });
      expect(entries.at(-1)).toMatchObject({ priority: '11', id: 'stderr' });
      // rsyslog itself writes control characters as #NNN.
      const texts = entries.map(({ message }) => message.replaceAll('#011', '\t').replaceAll('#007', '\x07'));
      expect(texts.slice(0, 5)).toEqual(awkward.slice(0, 5));
      expect(texts.slice(5, -1).join('') === awkward[5]).toBe(true);
    } finally {
      await receiver.stop();
    }
  });

  test('over UDP', async () => {
    const receiver = new Rsyslog(dir, 'udp', { udp: true });
    receiver.port = await freePort();
    await receiver.start();
    try {
      await sending(`syslog-udp://127.0.0.1:${receiver.port}`, {}, async (transport) => {
        // Datagrams may be lost, and rsyslog opens its socket when it likes.
        await soon(async () => {
          await transport.send([record('datagram')]).catch(() => undefined);
          return arrived(receiver);
        }).toContain('datagram');
      });
    } finally {
      await receiver.stop();
    }
  });

  test('a slow receiver gets everything, at its own pace', async () => {
    let received = 0;
    const slow = createTcpServer((socket) => {
      socket.on('data', (data) => {
        received += data.length;
        socket.pause();
        setTimeout(() => socket.resume(), 2);
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => slow.once('listening', resolve));
    const lines = Array.from({ length: 20_000 }, (_, index) => record(`${index} ${'x'.repeat(200)}`));
    const transport = openTransport(`syslog://127.0.0.1:${(slow.address() as AddressInfo).port}`, {}, async () => {});
    await transport.send(lines);
    expect(received).toBeGreaterThan(20_000 * 300);
    slow.close();
  });

  test('a receiver that takes the bytes and dies before it has read them has not had them', async () => {
    const deaf = createTcpServer((socket) => {
      socket.pause();
      setTimeout(() => socket.resetAndDestroy(), 200);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => deaf.once('listening', resolve));
    const transport = openTransport(`syslog://127.0.0.1:${(deaf.address() as AddressInfo).port}`, {}, async () => {});
    await expect(transport.send([record('lost?')])).rejects.toThrow();
    deaf.close();
  });
});

describe('Fluentd’s forward protocol', () => {
  test('entries with event time, acknowledged; what is not acknowledged is an error', async () => {
    const receiver = new FluentdReceiver(dir, 'fluentd', { loseAcks: 1 });
    await receiver.start();
    try {
      await sending(`fluentd://127.0.0.1:${receiver.port}`, {}, async (transport) => {
        await expect(transport.send([record('no ack')])).rejects.toThrow('closed the connection');
        await transport.send([
          ...awkward.map((message) => record(message)),
          record('other', { origin: { ...origin, app: 'web' } }),
        ]);
      });
      const entries = (await receiver.entries()).slice(1);
      expect(entries.map(({ record: { message } }) => message)).toEqual([...awkward, 'other']);
      expect(entries.map(({ tag }) => tag)).toEqual([...awkward.map(() => 'kf.dev.etl'), 'kf.dev.web']);
      expect(entries[0]).toEqual({
        tag: 'kf.dev.etl',
        seconds: Date.parse('2026-03-29T01:30:00Z') / 1000,
        nanoseconds: 123_456_789,
        record: { ...origin, stream: 'stdout', message: 'plain' },
      });
    } finally {
      await receiver.stop();
    }
  });

  test('TLS and a shared key; a wrong key is refused', async () => {
    const receiver = new FluentdReceiver(dir, 'secure', { tls: certificate, sharedKey: 'correct horse' });
    await receiver.start();
    const url = `fluentd-tls://127.0.0.1:${receiver.port}`;
    const ca = { 'ca.crt': await readFile(certificate.cert, 'utf8') };
    try {
      await sending(url, { ...ca, sharedKey: 'correct horse' }, async (transport) => {
        await transport.send([record('secret')]);
      });
      await expect(sending(url, { ...ca, sharedKey: 'wrong' }, async () => undefined)).rejects.toThrow(
        'shared_key mismatch',
      );
      await expect(sending(url, { sharedKey: 'correct horse' }, async () => undefined)).rejects.toThrow('self-signed');
      await expect(
        sending(url, ca, async (transport) => {
          await transport.send([record('without a key')]);
        }),
      ).rejects.toThrow('wants a shared key');
      expect((await receiver.entries()).map(({ record: { message } }) => message)).toEqual(['secret']);
    } finally {
      await receiver.stop();
    }
  });
});

/** An OTLP receiver that answers as it is told; remembers every log record. */
class OtlpReceiver {
  readonly records: { readonly attributes: Record<string, unknown>; readonly body: string; readonly record: object }[] =
    [];
  readonly headers: (string | undefined)[] = [];
  /** Answers before the good ones. */
  readonly answers: number[] = [];
  readonly server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const status = this.answers.shift() ?? (text.includes('poison') ? 400 : 200);
    this.headers.push(request.headers.authorization);
    if (status === 200 && request.url === '/v1/logs') this.#take(JSON.parse(text));
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });

  #take(body: {
    resourceLogs: {
      resource: { attributes: { key: string; value: Record<string, unknown> }[] };
      scopeLogs: { logRecords: { body: { stringValue: string } }[] }[];
    }[];
  }): void {
    for (const { resource, scopeLogs } of body.resourceLogs)
      for (const entry of scopeLogs.flatMap(({ logRecords }) => logRecords))
        this.records.push({
          attributes: Object.fromEntries(resource.attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
          body: entry.body.stringValue,
          record: entry,
        });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe('with a server', () => {
  let kf: Kf;
  beforeAll(async () => {
    kf = await Kf.create();
    await kf.push('etl', { 'etl.sh': 'echo unused\n' }, '-c', 'sh etl.sh');
  });
  afterAll(() => kf?.remove());

  const sinkOf = (name: string): Promise<LogSink> => kf.json('log-sink', name);
  const numbered = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => `line ${index + 1}`);

  test('a Task’s lines reach every sink with their Space, App, Task, number, Job, attempt and stream', async () => {
    const [syslog, fluentd, otlp] = [new Rsyslog(dir, 'all'), new FluentdReceiver(dir, 'all-f'), new OtlpReceiver()];
    const file = join(dir, 'all.jsonl');
    await Promise.all([syslog.start(), fluentd.start()]);
    otlp.answers.push(200, 503);
    try {
      await kf.ok('create-log-sink', 'syslog', `syslog://127.0.0.1:${syslog.port}`);
      await kf.ok('create-log-sink', 'fluentd', `fluentd://127.0.0.1:${fluentd.port}`);
      await kf.ok('create-log-sink', 'otlp', await otlp.listen(), '--header', 'Authorization: Bearer sesame');
      await kf.ok('configure-server', 'allow-host-path', dir);
      expect((await kf.ok('create-log-sink', 'file', `file://${file}`)).stdout).toContain(
        'receives what Tasks and Builds print',
      );
      await kf.ok(
        'create-job',
        'etl',
        'nightly',
        'for i in $(seq 500); do echo line $i; done; echo poison >&2; exit 3',
      );
      expect((await kf.run(['run-job', 'nightly', '--wait', '--retries', '1', '--retry-delay', '10ms'])).code).toBe(3);
      const expected = [...numbered(500), 'poison', ...numbered(500), 'poison'];
      const sorted = (lines: readonly string[]) => [...lines].sort();
      await soon(async () => (await fluentd.lines()).length).toBe(1002);
      await soon(async () => (await syslog.lines()).length).toBe(1002);
      await soon(() => otlp.records.length).toBe(1000);
      const entries = (await fluentd.entries()).map((entry) => entry.record);
      const stdout = entries.filter(({ stream }) => stream === 'stdout').map(({ message }) => message);
      expect(stdout).toEqual([...numbered(500), ...numbered(500)]);
      const [first, last] = [entries[0]!, entries.at(-1)!];
      expect(first).toMatchObject({ space: 'dev', app: 'etl', job: 'nightly', id: 1, attempt: 1, stream: 'stdout' });
      expect(last).toMatchObject({ id: 1, attempt: 2, task: first.task });
      expect((await syslog.entries())[0]?.data).toContain(`task="${first.task}" id="1" job="nightly" attempt="1"`);
      expect(otlp.records[0]?.attributes).toMatchObject({
        'service.name': 'etl',
        'kf.job': 'nightly',
        'kf.attempt': '1',
      });
      expect(otlp.headers).toContain('Bearer sesame');
      const written = (await readFile(file, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly message: string });
      expect(sorted(written.map(({ message }) => message))).toEqual(sorted(expected));
      // What a sink will not have does not hold up the rest, and is told.
      await soon(async () => (await sinkOf('otlp')).status?.refusedLines).toBe(2);
      expect((await sinkOf('otlp')).status).toMatchObject({ deliveredLines: 1000, backlogBytes: 0 });
      expect((await kf.ok('log-sink', 'otlp')).stdout).toContain('Refused:       2 lines');
      expect((await kf.ok('log-sinks')).stdout).toMatch(/fluentd .* True .* Delivering .* 1002/);
      const source = await kf.source('built', { 'bin/build': '#!/bin/sh\necho "line of a build"\n' });
      await chmod(join(source, 'bin/build'), 0o755);
      await kf.ok('push', 'built', '--task', '-p', source, '-c', 'true');
      const build = { space: 'dev', app: 'built', build: 'built-1', stream: 'stdout', message: 'line of a build' };
      await soon(async () => (await fluentd.entries()).at(-1)?.record).toMatchObject(build);
      await soon(async () => (await syslog.entries()).at(-1)?.data).toContain('app="built" build="built-1"');
      for (const name of ['syslog', 'fluentd', 'otlp', 'file']) await kf.ok('delete-log-sink', name);
    } finally {
      await Promise.all([syslog.stop(), fluentd.stop()]);
      otlp.close();
    }
  });

  test('kill -9 of the server while sinks are down; the Task ends meanwhile and is deleted: nothing is lost', async () => {
    const [syslog, fluentd] = [new Rsyslog(dir, 'late'), new FluentdReceiver(dir, 'late-f')];
    await Promise.all([syslog.start(), fluentd.start()]);
    try {
      await kf.ok('create-log-sink', 'syslog', `syslog://127.0.0.1:${syslog.port}`);
      await kf.ok('create-log-sink', 'fluentd', `fluentd://127.0.0.1:${fluentd.port}`);
      const name = await startTask(kf, 'etl', 'for i in $(seq 300); do echo line $i; sleep 0.01; done');
      await logged(kf, name, 'line 50');
      await Promise.all([syslog.stop(), fluentd.stop()]);
      await logged(kf, name, 'line 150');
      await kf.killServer();
      await expect
        .poll(async () => (await readFile(await logFile(kf, name), 'utf8')).includes(' line 300\n'))
        .toBe(true);
      await kf.ok('server', 'start');
      const task = await finished(kf, name);
      await soon(async () => (await sinkOf('fluentd')).status?.conditions?.[0]?.reason).toBe('Unreachable');
      const client = await connect(kf);
      await client.delete(Task, { namespace: space, name });
      client.close();
      expect((await kf.ok('log-sink', 'syslog')).stdout).toMatch(/Backlog: +[\d.]+(Ki|B) of 1 Task/);
      await Promise.all([syslog.start(), fluentd.start()]);
      const unique = (lines: readonly unknown[]) => [...new Set(lines)];
      await soon(async () => unique((await syslog.entries()).map(({ message }) => message))).toEqual(numbered(300));
      const inFluentd = async () => unique((await fluentd.entries()).map((entry) => entry.record.message));
      await soon(inFluentd).toEqual(numbered(300));
      // Delivered, and the Task is gone: so is its log.
      await soon(async () => (await readdir(join(kf.dataDir, 'logs'))).includes(task.metadata.uid!)).toBe(false);
      await soon(async () => (await sinkOf('fluentd')).status?.backlogBytes).toBe(0);
    } finally {
      await Promise.all([syslog.stop(), fluentd.stop()]);
    }
  });

  test('a file that nobody has allowed is not written', async () => {
    expect(await kf.run(['create-log-sink', 'forbidden', 'file:///etc/profile.d/kf.sh'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('belongs to the system'),
    });
    for (const path of ['/srv/kf.jsonl', `${kf.dataDir}/token`]) {
      const { stdout, stderr } = await kf.ok('create-log-sink', 'forbidden', `file://${path}`);
      expect([stdout, stderr]).toEqual([
        'Log sink forbidden created\n',
        expect.stringMatching(/is not allowed, only \/var\/log is|the server's own data/),
      ]);
      await kf.ok('delete-log-sink', 'forbidden');
    }
  });

  test('bad input creates nothing', async () => {
    for (const [args, message] of [
      [['bad', 'ftp://x'], 'must be one of fluentd://HOST:24224'],
      [['bad', 'syslog://user:pw@host'], 'must not hold a password'],
      [['bad', 'syslog://host:99999'], 'must be a URL'],
      [['bad', 'file://relative/path'], 'must name a file by its whole path'],
      [['Bad_Name', 'syslog://host'], 'is not a valid name'],
      [
        ['bad', 'syslog-tls://host', '--ca', '/nonexistent'],
        '--ca: cannot read /nonexistent: there is no such file or folder',
      ],
      [['syslog', 'syslog://host', '--shared-key', 'x'], 'log sink "syslog" exists already'],
    ] as const) {
      const { code, stderr, stdout } = await kf.run(['create-log-sink', ...args]);
      expect([code, `${stdout}${stderr}`]).toEqual([1, expect.stringContaining(message)]);
    }
    expect((await kf.ok('log-sinks', '-o', 'name')).stdout.split('\n').filter(Boolean).length).toBe(2);
  });
});

async function logFile(kf: Kf, task: string): Promise<string> {
  const logs = join(kf.dataDir, 'logs');
  for (const owner of await readdir(logs))
    for (const pod of await readdir(join(logs, owner)))
      if (pod.startsWith(task)) return join(logs, owner, pod, 'step-user-container.log');
  throw new Error(`no log of ${task}`);
}
