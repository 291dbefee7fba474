import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf, tarOf } from '../../../src/cli/push/archive.ts';
import { folderSource as walkSource } from '../../../src/cli/push/folder-source.ts';
import { packSource, warningsOf } from '../../../src/cli/push/package-source.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string | Buffer = path, mode = 0o644): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

const paths = (): string[] => walkSource(folder).entries.map((entry) => entry.path);

interface Unpacked {
  name: string;
  type: string | null | undefined;
  mode: number | undefined;
  link: string | null | undefined;
  content: string;
}

async function unpacked(): Promise<Unpacked[]> {
  const archive = extract();
  const feeding = (async () => {
    for await (const chunk of tarOf(walkSource(folder))) archive.write(chunk);
    archive.end(undefined);
  })();
  const entries: Unpacked[] = [];
  for await (const entry of archive) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
    const { name, type, mode, linkname } = entry.header;
    entries.push({ name, type, mode, link: linkname, content: Buffer.concat(chunks).toString() });
  }
  await feeding;
  return entries;
}

describe('the package', () => {
  test('holds names with spaces and Unicode, empty files and folders, long paths, links inside, executable bits', async () => {
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}`;
    write('a file ☃.txt', 'x');
    write('empty', '');
    write('bin/run', '#!/bin/sh\n', 0o711);
    write('group', 'g', 0o664);
    write(long, 'deep');
    mkdirSync(join(folder, 'nothing here'));
    symlinkSync('../empty', join(folder, 'bin/link'));
    symlinkSync('not-there', join(folder, 'dangling'));
    const entries = await unpacked();
    const find = (name: string) => entries.find((entry) => entry.name === name);
    expect(find('a file ☃.txt')).toMatchObject({ type: 'file', mode: 0o644, content: 'x' });
    expect(find('empty')).toMatchObject({ type: 'file', content: '' });
    expect(find('bin/run')).toMatchObject({ mode: 0o755 });
    expect(find('group')).toMatchObject({ mode: 0o644 });
    expect(find(long)).toMatchObject({ content: 'deep' });
    expect(find('nothing here/')).toMatchObject({ type: 'directory', mode: 0o755 });
    expect(find('bin/link')).toMatchObject({ type: 'symlink', link: '../empty' });
    expect(find('dangling')).toMatchObject({ type: 'symlink', link: 'not-there' });
  });

  test('large files come whole, piece by piece', async () => {
    const content = Buffer.alloc(3_500_000, 'abcdefg\n');
    write('large', content);
    expect((await unpacked())[0]?.content).toBe(content.toString());
  });

  test('the same tree gives the same checksum, whenever it was written; any difference another', async () => {
    write('b', '1');
    write('a/x', '2');
    symlinkSync('b', join(folder, 'c'));
    const digest = async () => (await digestOf(walkSource(folder))).sha256;
    const first = await digest();
    utimesSync(join(folder, 'b'), 1, 1);
    chmodSync(join(folder, 'b'), 0o600);
    expect(await digest()).toBe(first);
    chmodSync(join(folder, 'b'), 0o755);
    const executable = await digest();
    expect(executable).not.toBe(first);
    write('b', '2', 0o755);
    expect(await digest()).not.toBe(executable);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    symlinkSync('b', join(folder, 'c'));
    write('a/x', '2');
    write('b', '1');
    expect(await digest()).toBe(first);
  });

  test('the announced size is the size of the bytes', async () => {
    write('x', 'y');
    const { size, sha256 } = await packSource(folder);
    const chunks: Buffer[] = [];
    for await (const chunk of tarOf(walkSource(folder))) chunks.push(chunk);
    expect(Buffer.concat(chunks).length).toBe(size);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a file that changes between walk and read is an error that names it', async () => {
    write('x', 'long content');
    const tree = walkSource(folder);
    truncateSync(join(folder, 'x'), 3);
    await expect(digestOf(tree)).rejects.toThrow('x changed while it was read');
  });
});

describe('what is left out', () => {
  test('Kf’s built-in list, and .env', () => {
    for (const path of [
      '.git/HEAD',
      '.gitignore',
      '.DS_Store',
      'manifest.yml',
      '.env',
      'sub/.env',
      '.kfignore',
      'kept',
    ])
      write(path, '');
    write('sub/manifest.yml');
    expect(paths()).toEqual(['kept', 'sub', 'sub/manifest.yml']);
    expect(walkSource(folder).ignored).toEqual([
      '.DS_Store',
      '.env',
      '.git/',
      '.gitignore',
      '.kfignore',
      'manifest.yml',
      'sub/.env',
    ]);
  });

  test('.kfignore in gitignore’s syntax; !.env brings it back; .cfignore counts only without it', () => {
    write('.cfignore', 'c\n');
    for (const path of ['a.log', 'keep.log', 'b/x', 'c', '.env', 'd/e/f']) write(path);
    expect(paths()).not.toContain('c');
    write('.kfignore', '# comment\n*.log\n!keep.log\n/b/\n!.env\nd/**/f\n');
    expect(paths()).toEqual(['.env', 'c', 'd', 'd/e', 'keep.log']);
  });

  test('FIFOs and sockets, with a warning that names them', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    write('x');
    const tree = walkSource(folder);
    expect(tree.entries.map(({ path }) => path)).toEqual(['x']);
    expect(warningsOf(tree)).toEqual(['FIFOs, sockets and devices are left out: pipe']);
  });
});

describe('refused', () => {
  test.each([
    ['absolute', '/etc/passwd'],
    ['upwards', '../outside'],
    ['through a folder', 'sub/../../outside'],
  ])('a link that leaves the tree: %s', (_, target) => {
    write('sub/x');
    symlinkSync(target, join(folder, 'bad link'));
    expect(() => walkSource(folder)).toThrow(`the link bad link points outside of the source: ${target}`);
  });

  test('a link that leaves by way of another link', () => {
    write('a/b/c/x');
    write('top/x');
    symlinkSync('../../../top', join(folder, 'a/b/c/up'));
    symlinkSync('a/b/c/up/../..', join(folder, 'sly'));
    expect(() => walkSource(folder)).toThrow('the link sly points outside of the source');
  });

  test('but not where it is ignored', () => {
    symlinkSync('/etc', join(folder, 'bad'));
    write('.kfignore', 'bad\n');
    expect(paths()).toEqual([]);
  });

  test('a name that is not UTF-8', () => {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff])]), '');
    expect(() => walkSource(folder)).toThrow('is not valid UTF-8');
  });
});

describe('warnings', () => {
  test('node_modules, .git brought back, more than 100 MB, nothing at all', () => {
    expect(warningsOf(walkSource(folder))).toEqual(['the source has no files']);
    write('node_modules/x/y');
    write('.git/HEAD');
    write('.kfignore', '!.git\n');
    write('big', '');
    truncateSync(join(folder, 'big'), 101 * 2 ** 20);
    const warnings = warningsOf(walkSource(folder)).join('\n');
    expect(warnings).toContain('node_modules is uploaded; a line "node_modules" in .kfignore leaves it out');
    expect(warnings).toContain('.git is uploaded');
    expect(warnings).toContain('the source has 101.0Mi');
  });
});
