import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogRecord } from '../../../src/node/forward/log-record.ts';
import { PendingLogs } from '../../../src/node/forward/pending-logs.ts';
import { type SinkReport, SinkWorker } from '../../../src/node/forward/sink-worker.ts';
import { RefusedError, type Transport } from '../../../src/node/forward/transport.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Answers each send as it is told; when nothing is told, it takes everything. */
class FakeSink implements Transport {
  readonly taken: string[] = [];
  readonly sizes: number[] = [];
  readonly answers: ((records: readonly LogRecord[]) => Promise<void>)[] = [];
  opened = 0;

  async probe(): Promise<void> {}
  async send(records: readonly LogRecord[]): Promise<void> {
    this.sizes.push(records.length);
    await this.answers.shift()?.(records);
    if (records.some(({ message }) => message.startsWith('poison'))) throw new RefusedError('poisonous');
    this.taken.push(...records.map(({ message }) => message));
  }
  close(): void {}
}

const time = '2026-01-02T03:04:05.123456789+00:00';
const owner = { space: 'dev', app: 'app', task: 'task', attempts: {} };

let dir: string;
let pending: PendingLogs;
let sink: FakeSink;
let worker: SinkWorker;
let clock: FakeClock;
let reports: SinkReport[];
let delivered: string[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kf-worker-'));
  pending = await PendingLogs.create(join(dir, 'pending'));
  [sink, clock, reports, delivered] = [new FakeSink(), new FakeClock(), [], []];
});
afterEach(async () => {
  const stopped = worker?.stop();
  clock.advance(1000);
  await stopped;
  await rm(dir, { recursive: true, force: true });
});

async function log(uid: string, lines: readonly string[]): Promise<void> {
  await mkdir(join(dir, uid, 'pod'), { recursive: true });
  await writeFile(join(dir, uid, 'pod', 'main.log'), lines.map((line) => `${time} stdout F ${line}\n`).join(''));
  pending.set(uid, { owner, ended: true, deleted: false, offsets: {} });
}

function start(): void {
  worker = new SinkWorker({
    clock,
    directory: dir,
    pending,
    open: async () => {
      sink.opened++;
      return sink;
    },
    onDelivered: (uid) => {
      delivered.push(uid);
      pending.delete(uid);
    },
    onReport: (report) => reports.push(report),
  });
  worker.start();
}

const numbered = (count: number, prefix = 'line'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index}`);

describe('a sink', () => {
  test('gets every line once and in order, a little of each log in turn', async () => {
    await log('a', numbered(9000, 'a'));
    await log('b', numbered(9000, 'b'));
    start();
    await expect.poll(() => delivered.length).toBe(2);
    for (const name of ['a', 'b'])
      expect(sink.taken.filter((line) => line.startsWith(`${name} `))).toEqual(numbered(9000, name));
    expect(sink.taken.indexOf('b 0')).toBeLessThan(sink.taken.indexOf('a 8999'));
    expect(Math.max(...sink.sizes)).toBeLessThan(9000);
    expect(pending.counters.deliveredLines).toBe(18_000);
  });

  test('that fails gets the same batch again, after longer and longer pauses', async () => {
    await log('a', ['one']);
    const fail = async (): Promise<void> => {
      throw new Error('down');
    };
    sink.answers.push(fail, fail, fail);
    start();
    for (const [index, pause] of [250, 500, 1000].entries()) {
      await expect.poll(() => sink.sizes.length).toBe(index + 1);
      await expect.poll(() => clock.nextIn).toBeDefined();
      expect(clock.nextIn).toBeGreaterThanOrEqual(pause * 0.8);
      expect(clock.nextIn).toBeLessThanOrEqual(pause);
      expect(pending.get('a')?.offsets).toEqual({});
      clock.advance(pause);
    }
    await expect.poll(() => delivered).toEqual(['a']);
    expect(sink.taken).toEqual(['one']);
    expect(sink.opened).toBe(4);
    expect(reports.filter(({ kind }) => kind === 'failed').length).toBe(3);
  });

  test('that refuses a line gets all others', async () => {
    await log('a', [...numbered(50), 'poison', ...numbered(50)]);
    start();
    await expect.poll(() => delivered).toEqual(['a']);
    expect(sink.taken).toEqual([...numbered(50), ...numbered(50)]);
    expect(pending.counters).toMatchObject({ deliveredLines: 100, refusedLines: 1 });
  });

  test('that takes long is waited for, and said to hang', async () => {
    await log('a', ['one']);
    let take: () => void = () => {};
    sink.answers.push(() => new Promise((resolve) => (take = resolve)));
    start();
    await expect.poll(() => sink.sizes.length).toBe(1);
    clock.advance(30_000);
    expect(reports.at(-1)).toEqual({ kind: 'failed', message: 'the sink has not confirmed a batch for 30 s' });
    take();
    await expect.poll(() => reports.at(-1)).toEqual({ kind: 'delivered', lines: 1 });
    expect(sink.sizes).toEqual([1]);
  });
});
