import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf } from '../../../src/cli/push/archive.ts';
import { packSource, warningsOf } from '../../../src/cli/push/package-source.ts';
import { zipSource } from '../../../src/cli/push/zip-source.ts';
import { type ZipEntry, zipOf } from '../../support/zip.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-zip-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function archive(...entries: readonly ZipEntry[]): string {
  const file = join(folder, 'app.zip');
  writeFileSync(file, zipOf(entries));
  return file;
}

test('the package is the one of the same files in a folder', async () => {
  const source = join(folder, 'source');
  mkdirSync(join(source, 'bin'), { recursive: true });
  mkdirSync(join(source, 'empty'));
  writeFileSync(join(source, 'bin/build'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(source, 'ä large one'), Buffer.alloc(3_000_000, 'x'));
  symlinkSync('bin/build', join(source, 'link'));
  for (const name of ['.env', 'kept.log', 'b.log']) writeFileSync(join(source, name), name);
  writeFileSync(join(source, '.kfignore'), '*.log\n!kept.log\n');
  const zip = archive(
    { name: 'link', content: 'bin/build', mode: 0o120777 },
    { name: 'ä large one', content: Buffer.alloc(3_000_000, 'x') },
    { name: '.kfignore', content: '*.log\n!kept.log\n' },
    { name: 'kept.log', content: 'kept.log' },
    { name: 'b.log', content: 'b.log' },
    { name: '.env', content: '.env' },
    { name: './bin/build', content: '#!/bin/sh\n', mode: 0o100700 },
    { name: 'empty/', mode: 0o040755 },
  );
  const [fromFolder, fromZip] = [await packSource(source), await packSource(zip)];
  expect(fromZip.tree.ignored).toEqual(['.env', '.kfignore', 'b.log']);
  expect(fromZip.tree.entries).toEqual(fromFolder.tree.entries);
  expect(fromZip.sha256).toBe(fromFolder.sha256);
  fromZip.tree.close();
});

test('without modes every file is executable; devices are left out and named', async () => {
  const tree = await zipSource(archive({ name: 'run', mode: 0 }, { name: 'null', mode: 0o020666 }));
  expect(tree.entries).toEqual([{ type: 'file', path: 'run', size: 0, executable: true }]);
  expect(warningsOf(tree)).toEqual(['FIFOs, sockets and devices are left out: null']);
  tree.close();
});

test.each<[string, readonly ZipEntry[]]>([
  ['../x', [{ name: '../x' }]],
  ['a/../../x', [{ name: 'a/../../x' }]],
  ['/etc/x', [{ name: '/etc/x' }]],
  ['the link l points outside of the source: ../x', [{ name: 'l', content: '../x', mode: 0o120777 }]],
  ['the link l points outside of the source: /etc', [{ name: 'l', content: '/etc', mode: 0o120777 }]],
  [
    'the archive has l as a folder, and as something else',
    [{ name: 'l', content: '.', mode: 0o120777 }, { name: 'l/x' }],
  ],
  ['the archive has x twice', [{ name: 'x' }, { name: './x' }]],
  ['the archive has x twice', [{ name: 'x/y' }, { name: 'x' }]],
  ['longer than a path can be', [{ name: 'l', content: 'x'.repeat(5000), mode: 0o120777 }]],
  ['more than 3Gi when it is unpacked', [1, 2].map((n) => ({ name: `x${n}`, content: 'x', claimedSize: 2 ** 31 - 1 }))],
  ['x is encrypted', [{ name: 'x', flags: 1 }]],
])('refused by its name: %s', async (message, entries) => {
  await expect(zipSource(archive(...entries))).rejects.toThrow(message);
});

test.each<[string, ZipEntry]>([
  ['more bytes than it says', { name: 'x', content: Buffer.alloc(1_000_000), claimedSize: 10 }],
  ['fewer', { name: 'x', content: 'x', claimedSize: 10 }],
  ['x is damaged in the archive', { name: 'x', content: 'x', claimedCrc: 7 }],
])('%s: an error when it is read', async (_, entry) => {
  const tree = await zipSource(archive(entry));
  await expect(digestOf(tree)).rejects.toThrow(/cannot unpack x: |x is damaged/);
  tree.close();
});

test('what is no archive says so', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'x'.repeat(100));
  await expect(packSource(file)).rejects.toThrow(`${file} is not a zip archive`);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(packSource(join(folder, 'pipe'))).rejects.toThrow('neither a directory nor a zip archive');
  await expect(packSource(join(folder, 'nope'))).rejects.toThrow('there is no such file or folder');
});
