import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogQuery } from '../../../src/client/logs.ts';
import { LogStore } from '../../../src/node/logs/log-store.ts';
import { criLog, type Write } from './cri-log.ts';

let directory: string;
let store: LogStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kf-logs-'));
  store = new LogStore(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(path: string, writes: readonly Write[]): void {
  mkdirSync(join(directory, path, '..'), { recursive: true });
  writeFileSync(join(directory, path), criLog(writes));
}

/** Files made within one tick of the kernel's clock are born at the same time: waits for the next one. */
function nextTick(): void {
  const probe = join(directory, 'probe');
  const born = (): number => {
    rmSync(probe, { force: true });
    writeFileSync(probe, '');
    return statSync(probe).birthtimeMs;
  };
  const now = born();
  while (born() === now);
}

async function textOf(query: Omit<LogQuery, 'owner'> & { owner?: string }): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.read({ owner: 'o', ...query })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const lines = (count: number): string => Array.from({ length: count }, (_, index) => `${index}\n`).join('');

describe('reading', () => {
  test('one container, all containers, all pods in the order of their start', async () => {
    write('o/b/one.log', [['stdout', 'b one\n']]);
    nextTick();
    write('o/b/two.log', [['stdout', 'b two\n']]);
    nextTick();
    write('o/a/one.log', [['stdout', 'a one\n']]);
    expect(await textOf({ pod: 'b', container: 'two' })).toBe('b two\n');
    expect(await textOf({ pod: 'b' })).toBe('b one\nb two\n');
    expect(await textOf({})).toBe('b one\nb two\na one\n');
  });

  test('a log that is not there is empty', async () => {
    expect(await textOf({ owner: 'nobody' })).toBe('');
  });

  test('a name that leads elsewhere is refused', async () => {
    await expect(textOf({ owner: '..' })).rejects.toThrow('not a name');
    await expect(textOf({ pod: '../../etc' })).rejects.toThrow('not a name');
  });

  test.each([0, 1, 2, 5, 9999, 10_000, 20_000])('the last %i lines of a long log', async (count) => {
    write('o/p/c.log', [['stdout', lines(10_000)]]);
    const all = lines(10_000).split(/(?<=\n)/);
    expect(await textOf({ tailLines: count })).toBe(count === 0 ? '' : all.slice(-count).join(''));
  });

  test('a line in parts is one line of the tail, an unfinished one too', async () => {
    write('o/p/c.log', [
      ['stdout', 'a\nb'],
      ['stdout', 'c'],
      ['stdout', 'd\n'],
      ['stdout', 'x'],
      ['stdout', 'y'],
    ]);
    expect(await textOf({ tailLines: 1 })).toBe('xy');
    expect(await textOf({ tailLines: 2 })).toBe('bcd\nxy');
    expect(await textOf({ tailLines: 3 })).toBe('a\nbcd\nxy');
  });

  test('the tail of one stream', async () => {
    write('o/p/c.log', [
      ['stderr', 'x\ny\n'],
      ['stdout', lines(5000)],
    ]);
    expect(await textOf({ tailLines: 1, stream: 'stderr' })).toBe('y\n');
  });

  test('the tail counts over several containers', async () => {
    write('o/p/one.log', [['stdout', '1\n2\n']]);
    write('o/p/two.log', [['stdout', '3\n']]);
    expect(await textOf({ tailLines: 2 })).toBe('2\n3\n');
  });

  test('no more bytes than asked for', async () => {
    write('o/p/c.log', [['stdout', lines(5)]]);
    expect(await textOf({ limitBytes: 3 })).toBe('0\n1');
  });
});

describe('following', () => {
  test('waits for the log, gives what is added, ends after the end', async () => {
    const ended = new AbortController();
    const reader = store.read({ owner: 'o', follow: true, ended: ended.signal });
    const first = reader.next();
    write('o/p/c.log', [['stdout', 'one\n']]);
    expect(String((await first).value)).toBe('one\n');
    const second = reader.next();
    appendFileSync(join(directory, 'o/p/c.log'), criLog([['stdout', 'two']]));
    expect(String((await second).value)).toBe('two');
    appendFileSync(join(directory, 'o/p/c.log'), criLog([['stdout', 'three']]));
    ended.abort();
    const rest: string[] = [];
    for await (const chunk of reader) rest.push(String(chunk));
    expect(rest.join('')).toBe('three');
  });

  test('a log that appears in a folder that was there before', async () => {
    mkdirSync(join(directory, 'o/p'), { recursive: true });
    const ended = new AbortController();
    const reader = store.read({ owner: 'o', follow: true, ended: ended.signal });
    const first = reader.next();
    // Let it look around first.
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    write('o/p/c.log', [['stdout', 'one\n']]);
    expect(String((await first).value)).toBe('one\n');
    ended.abort();
    expect((await reader.next()).done).toBe(true);
  });

  test('goes on with the next container', async () => {
    write('o/p/one.log', [['stdout', 'one\n']]);
    const ended = new AbortController();
    const reader = store.read({ owner: 'o', follow: true, ended: ended.signal });
    expect(String((await reader.next()).value)).toBe('one\n');
    const second = reader.next();
    write('o/q/two.log', [['stdout', 'two\n']]);
    expect(String((await second).value)).toBe('two\n');
    ended.abort();
    expect((await reader.next()).done).toBe(true);
  });

  test('a log that appears at whatever moment after its folder', async () => {
    const reads = Array.from({ length: 40 }, async (_, turns) => {
      const owner = `owner-${turns}`;
      mkdirSync(join(directory, owner, 'p'), { recursive: true });
      const reader = store.read({ owner, follow: true });
      const first = reader.next();
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      write(`${owner}/p/c.log`, [['stdout', 'one\n']]);
      expect(String((await first).value)).toBe('one\n');
      await reader.return(undefined);
    });
    await Promise.all(reads);
  });

  test('ends when the reader goes', async () => {
    const gone = new AbortController();
    const reader = store.read({ owner: 'o', follow: true, signal: gone.signal });
    const next = reader.next();
    gone.abort();
    expect((await next).done).toBe(true);
  });
});

test('logs go with their owners', async () => {
  for (const owner of ['a', 'b', 'c']) write(`${owner}/p/c.log`, [['stdout', 'x\n']]);
  await store.delete('a');
  expect(['a', 'b', 'c'].map((owner) => existsSync(join(directory, owner)))).toEqual([false, true, true]);
  expect([...(await store.owners())].sort()).toEqual(['b', 'c']);
});
