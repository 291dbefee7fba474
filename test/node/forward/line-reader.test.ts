import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chunkBytes, parse, type ReadLine, readLines } from '../../../src/node/forward/line-reader.ts';

const time = '2026-01-02T03:04:05.123456789+00:00';
const out = (content: string, tag = 'F') => `${time} stdout ${tag} ${content}\n`;
const err = (content: string) => `${time} stderr F ${content}\n`;
const running = { isFinal: false, mayBeMore: false };
const ended = { isFinal: true, mayBeMore: false };
const read = (text: string, state = running) => parse(Buffer.from(text), 0, state);
const shown = (lines: readonly ReadLine[]) =>
  lines.map(({ stream, message, partial }) => `${stream} ${message}${partial ? '…' : ''}`);

describe('lines of a chunk', () => {
  test('whole ones, with their time', () => {
    const text = out('one') + err('two') + out('');
    expect(read(text)).toEqual({
      lines: [
        { stream: 'stdout', time, message: 'one' },
        { stream: 'stderr', time, message: 'two' },
        { stream: 'stdout', time, message: '' },
      ],
      next: text.length,
      more: false,
    });
  });

  test('parts are put together', () => {
    expect(shown(read(out('a', 'P') + out('b', 'P') + out('c')).lines)).toEqual(['stdout abc']);
  });

  test('what is unfinished waits, until nothing more can come', () => {
    const text = out('one') + out('two', 'P');
    expect(read(text)).toMatchObject({ next: out('one').length });
    expect(shown(read(text, ended).lines)).toEqual(['stdout one', 'stdout two']);
    expect(read(text, ended).next).toBe(text.length);
    const torn = out('one') + out('two').slice(0, -3);
    expect(read(torn).next).toBe(out('one').length);
    expect(read(torn, ended).lines.length).toBe(2);
  });

  test('a line is cut where the other stream goes on, so that nothing is read twice', () => {
    const text = out('a', 'P') + err('e') + out('b');
    expect(shown(read(text).lines)).toEqual(['stdout a…', 'stderr e', 'stdout b']);
    expect(read(text).next).toBe(text.length);
  });

  test('what is no entry is given as it is', () => {
    expect(shown(read(`${out('a')}torn by a full disk\n\n${out('b')}`).lines)).toEqual([
      'stdout a',
      'stderr torn by a full disk',
      'stdout b',
    ]);
  });
});

describe('a file', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kf-lines-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  /** Reads all of it, reading by reading. */
  async function whole(path: string): Promise<{ text: string; lines: number; readings: number }> {
    let text = '';
    let lines = 0;
    let readings = 0;
    for (let at = 0, more = true; more; readings++) {
      const found = await readLines(path, at, true);
      for (const { message, partial } of found.lines) text += message + (partial ? '' : '\n');
      lines += found.lines.length;
      at = found.next;
      more = found.more;
    }
    return { text, lines, readings };
  }

  test('longer than a reading, with a line longer than a reading', async () => {
    const path = join(dir, 'long');
    const huge = 'x'.repeat(8000);
    const parts = Array.from({ length: 50 }, () => out(huge, 'P')).join('');
    const many = Array.from({ length: 5000 }, (_, index) => out(`line ${index}`)).join('');
    await writeFile(path, `${many}${parts}${out('end')}${many}`);
    const { text, readings } = await whole(path);
    const plain = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join('');
    expect(text).toBe(`${plain}${huge.repeat(50)}end\n${plain}`);
    expect(readings).toBeGreaterThan(400_000 / chunkBytes);
  });

  test('a huge line is given in parts that end with whole characters', async () => {
    const path = join(dir, 'characters');
    const line = Buffer.from('naïve ☃ 漢字 😀 '.repeat(20_000));
    const entries: Buffer[] = [];
    for (let at = 0; at < line.length; at += 8191)
      entries.push(Buffer.from(`${time} stdout P `), line.subarray(at, at + 8191), Buffer.from('\n'));
    await writeFile(path, Buffer.concat([...entries, Buffer.from(out('end'))]));
    const { text, lines } = await whole(path);
    expect(lines).toBeGreaterThan(3);
    expect(text === `${line.toString()}end\n`).toBe(true);
  });

  test('however lines are cut into parts, every byte comes once and in order', async () => {
    const path = join(dir, 'random');
    const entry = fc.record({ full: fc.boolean(), length: fc.integer({ min: 0, max: 9000 }), stdout: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 120 }), async (entries) => {
        let expected = '';
        const text = entries.map(({ full, length, stdout }, index) => {
          const content = String.fromCharCode(97 + (index % 26)).repeat(length);
          expected += content;
          return (stdout ? out : err)(content, full ? 'F' : 'P');
        });
        await writeFile(path, text.join(''));
        expect((await whole(path)).text.replaceAll('\n', '')).toBe(expected);
      }),
      { numRuns: 30 },
    );
  });
});
