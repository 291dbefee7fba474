import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogQuery } from '../../../src/client/logs.ts';
import { readLines } from '../../../src/node/forward/line-reader.ts';
import { placesAt } from '../../../src/node/forward/log-place.ts';
import { compressLog } from '../../../src/node/logs/compress-log.ts';
import { LogCompressor } from '../../../src/node/logs/log-compressor.ts';
import { LogStore } from '../../../src/node/logs/log-store.ts';
import { openLog } from '../../../src/node/logs/open-log.ts';
import type { Pod } from '../../../src/resources/core/pod.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { criLog } from './cri-log.ts';

let directory: string;
let store: LogStore;
const path = () => join(directory, 'o', 'p', 'main.log');
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kf-gz-'));
  store = new LogStore(directory);
  mkdirSync(join(directory, 'o', 'p'), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true }));

const gentle = { rest: async () => {}, mayReplace: () => true };
/** Over several blocks, both streams. */
const big = (): Buffer =>
  criLog(
    Array.from(
      { length: 12_000 },
      (_, index) => [index % 3 === 0 ? 'stderr' : 'stdout', `line ${index} ${'x'.repeat(index % 90)}\n`] as const,
    ).map(([stream, text]) => [stream, text]),
  );
async function textOf(query: Omit<LogQuery, 'owner'>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.read({ owner: 'o', ...query })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a compressed log', () => {
  const queries: readonly Omit<LogQuery, 'owner'>[] = [
    {},
    { tailLines: 0 },
    { tailLines: 7 },
    { tailLines: 5000 },
    { tailLines: 3, stream: 'stderr' },
    { sinceTime: '2026-01-01T00:10:00Z', timestamps: true },
    { limitBytes: 300_000 },
    { pod: 'p', container: 'main' },
    { container: 'other' },
  ];

  test('is read like the log itself, and by zcat', async () => {
    const log = big();
    writeFileSync(path(), log, { mode: 0o640 });
    const before = [];
    for (const query of queries) before.push(await textOf(query));
    const { mtimeMs, mode } = statSync(path());
    const lines = await readLines(path(), 262_000, true);
    const places = await placesAt(join(directory, 'o'), '2026-01-01T01:00:00Z');
    expect(await compressLog(path(), gentle)).toBe(true);
    expect(readdirSync(join(directory, 'o', 'p'))).toEqual(['main.log.gz']);
    const compressed = statSync(`${path()}.gz`);
    expect(compressed.size).toBeLessThan(log.length / 4);
    expect(compressed.mode).toBe(mode);
    expect(Math.abs(compressed.mtimeMs - mtimeMs)).toBeLessThan(1);
    for (const [index, query] of queries.entries())
      expect((await textOf(query)) === before[index], JSON.stringify(query)).toBe(true);
    expect(await readLines(path(), 262_000, true)).toEqual(lines);
    expect(await placesAt(join(directory, 'o'), '2026-01-01T01:00:00Z')).toEqual(places);
    expect(execFileSync('zcat', [`${path()}.gz`], { maxBuffer: 1 << 26 }).equals(log)).toBe(true);
  });

  test('every place is found', async () => {
    const log = big();
    writeFileSync(path(), log);
    await compressLog(path(), gentle);
    const file = await openLog(path());
    expect((await file.stat()).size).toBe(log.length);
    for (const [at, length] of [
      [0, 10],
      [262_144 - 5, 10],
      [262_144, 600_000],
      [log.length - 3, 10],
      [log.length, 10],
      [log.length + 99, 10],
    ] as const) {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, at);
      expect(buffer.subarray(0, bytesRead).equals(log.subarray(at, at + length)), `${at}`).toBe(true);
    }
    await file.close();
  });

  test('logs of several containers stay in the order of their start', async () => {
    writeFileSync(join(directory, 'o', 'p', 'z-first.log'), criLog([['stdout', `first ${'x'.repeat(9000)}\n`]]));
    const { birthtimeMs } = statSync(join(directory, 'o', 'p', 'z-first.log'));
    do {
      rmSync(path(), { force: true });
      writeFileSync(path(), criLog([['stdout', 'second\n']]));
    } while (statSync(path()).birthtimeMs === birthtimeMs);
    await compressLog(join(directory, 'o', 'p', 'z-first.log'), gentle);
    expect(await textOf({})).toMatch(/^first x+\nsecond\n$/);
  });

  test('a crash at any point leaves a whole log', async () => {
    const log = big();
    writeFileSync(path(), log);
    const whole = await textOf({});
    let blocks = 0;
    const crash = async () => {
      if (++blocks === 2) throw new Error('crash');
    };
    await expect(compressLog(path(), { ...gentle, rest: crash })).rejects.toThrow('crash');
    expect(readdirSync(join(directory, 'o', 'p'))).toEqual(['main.log']);
    // As killed while it wrote.
    writeFileSync(`${path()}.gz.tmp`, 'half');
    expect((await textOf({})) === whole).toBe(true);
    await compressLog(path(), gentle);
    // As killed before the log itself was removed.
    writeFileSync(path(), log);
    expect((await textOf({})) === whole).toBe(true);
    expect(await compressLog(path(), gentle)).toBe(true);
    expect((await textOf({})) === whole).toBe(true);
  });

  test('a line that comes meanwhile, or a backup, leaves it as it is', async () => {
    writeFileSync(path(), big());
    const adding = async () => appendFileSync(path(), 'more\n');
    expect(await compressLog(path(), { ...gentle, rest: adding })).toBe(false);
    expect(await compressLog(path(), { ...gentle, mayReplace: () => false })).toBe(false);
    expect(readdirSync(join(directory, 'o', 'p'))).toEqual(['main.log']);
  });

  test('a follower that reads it meanwhile loses nothing', async () => {
    const log = big();
    writeFileSync(path(), log);
    const whole = await textOf({});
    const ended = new AbortController();
    let text = '';
    for await (const chunk of store.read({ owner: 'o', follow: true, ended: ended.signal })) {
      if (text === '') await compressLog(path(), gentle);
      text += chunk.toString();
      if (text.length >= whole.length) ended.abort();
    }
    expect(text === whole).toBe(true);
  });
});

describe('the compressor', () => {
  const pod = { metadata: { name: 'p', uid: 'o' }, spec: { containers: [] } } as never as Pod;
  const start = (more: Partial<ConstructorParameters<typeof LogCompressor>[0]> = {}) => {
    const clock = new FakeClock(0);
    const stop = new AbortController();
    const errors: unknown[] = [];
    const compressor = new LogCompressor({
      clock,
      directory,
      isLive: () => false,
      isNeeded: async () => false,
      signal: stop.signal,
      onError: (_, error) => errors.push(error),
      ...more,
    });
    const settle = async () => {
      for (let turn = 0; turn < 200; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(20);
      }
    };
    return { clock, compressor, stop, errors, settle };
  };
  const isCompressed = () => existsSync(`${path()}.gz`) && !existsSync(path());

  test('waits half a minute after the end, and until nobody needs the log', async () => {
    writeFileSync(path(), big());
    let isNeeded = true;
    const { clock, compressor, errors, settle } = start({ isNeeded: async () => isNeeded });
    compressor.ended(pod);
    clock.advance(20_000);
    await settle();
    isNeeded = true;
    clock.advance(10_000);
    await settle();
    expect(isCompressed()).toBe(false);
    isNeeded = false;
    clock.advance(60_000);
    await expect.poll(() => settle().then(isCompressed)).toBe(true);
    expect(errors).toEqual([]);
  });

  test('after a start finds what was left, but what is live, small, or gone', async () => {
    writeFileSync(path(), big());
    writeFileSync(`${path()}.gz.tmp`, 'half');
    for (const other of ['live', 'small']) mkdirSync(join(directory, other, 'p'), { recursive: true });
    writeFileSync(join(directory, 'live', 'p', 'main.log'), big());
    writeFileSync(join(directory, 'small', 'p', 'main.log'), 'a line\n');
    const { clock, compressor, errors, settle } = start({ isLive: (owner) => owner === 'live' });
    compressor.ended({ ...pod, metadata: { ...pod.metadata, uid: 'gone' } });
    compressor.start();
    clock.advance(60_000);
    await expect.poll(() => settle().then(isCompressed)).toBe(true);
    await settle();
    expect(readdirSync(join(directory, 'o', 'p'))).toEqual(['main.log.gz']);
    expect(readdirSync(join(directory, 'live', 'p'))).toEqual(['main.log']);
    expect(readFileSync(join(directory, 'small', 'p', 'main.log'), 'utf8')).toBe('a line\n');
    expect(errors).toEqual([]);
  });

  test('a server that stops leaves the log as it was', async () => {
    writeFileSync(path(), big());
    const { clock, compressor, stop, errors } = start();
    compressor.ended(pod);
    clock.advance(30_000);
    stop.abort();
    await compressor.idle();
    expect(readdirSync(join(directory, 'o', 'p'))).toEqual(['main.log']);
    expect(errors).toEqual([]);
  });
});
