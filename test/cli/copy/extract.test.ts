import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack as makePack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { extractTar } from '../../../src/cli/copy/extract.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kf-extract-'));
});
afterEach(() => rmSync(root, { recursive: true }));

type Entry = Parameters<ReturnType<typeof makePack>['entry']>[0];

async function extract(entries: readonly (readonly [Entry, string?])[]) {
  const pack = makePack();
  for (const [header, content] of entries) pack.entry(header, content ?? '');
  pack.finalize();
  const skipped: string[] = [];
  const onSkipped = (line: string) => void skipped.push(line);
  const chunks = pack as unknown as AsyncIterable<Buffer>;
  return { ...(await extractTar(chunks, { target: join(root, 'to'), limitBytes: 1000, onSkipped })), skipped };
}

test('a folder under another name, with links as they are', async () => {
  const result = await extract([
    [{ name: 'out/', type: 'directory' }],
    [{ name: 'out/a', mode: 0o4755 }, 'A'],
    [{ name: 'out/l', type: 'symlink', linkname: '../../etc' }],
    [{ name: 'out/second', type: 'link', linkname: 'out/a' }],
    [{ name: 'out/device', type: 'character-device' }],
  ]);
  expect(result).toEqual({ files: 1, bytes: 1, skipped: [expect.stringContaining('out/device is no file')] });
  expect(readdirSync(join(root, 'to')).sort()).toEqual(['a', 'l', 'second']);
  expect(readlinkSync(join(root, 'to/l'))).toBe('../../etc');
  expect(readFileSync(join(root, 'to/second'), 'utf8')).toBe('A');
});

test.each([['/abs'], ['out/../../up'], ['..'], ['out/x/../../../up']])('%s would leave', async (name) => {
  await expect(extract([[{ name }, 'x']])).rejects.toThrow('would leave');
  expect(readdirSync(root)).toEqual([]);
});

test('nothing is written through a link, of the tar or of the target', async () => {
  mkdirSync(join(root, 'elsewhere'));
  const through: readonly (readonly [Entry, string?])[] = [
    [{ name: 'out/', type: 'directory' }],
    [{ name: 'out/link', type: 'symlink', linkname: join(root, 'elsewhere') }],
    [{ name: 'out/link/file' }, 'x'],
  ];
  await expect(extract(through)).rejects.toThrow('is no folder');
  await expect(
    extract([...through.slice(0, 2), [{ name: 'out/s', type: 'link', linkname: 'out/link' }]]),
  ).rejects.toThrow('which is no file of it');
  rmSync(join(root, 'to'), { recursive: true });
  symlinkSync(join(root, 'elsewhere'), join(root, 'to'));
  await expect(extract([[{ name: 'out/file' }, 'x']])).rejects.toThrow('is no folder');
  expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
});

test('a file that is a link is replaced, not followed', async () => {
  symlinkSync(join(root, 'victim'), join(root, 'to'));
  await extract([[{ name: 'file' }, 'new']]);
  expect(readFileSync(join(root, 'to'), 'utf8')).toBe('new');
  expect(existsSync(join(root, 'victim'))).toBe(false);
});

test('there is an end to it', async () => {
  const files = ['a', 'b', 'c'].map((name) => [{ name: `out/${name}` }, 'x'.repeat(400)] as const);
  await expect(extract(files)).rejects.toThrow('--limit');
  expect(existsSync(join(root, 'to/c'))).toBe(false);
});
