import { createWriteStream } from 'node:fs';
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UnsafeSourceError, unpack } from '../../src/build/unpack.ts';

interface Entry {
  name: string;
  type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device';
  linkname?: string;
  mode?: number;
  content?: string;
}

let root: string;
let folder: string;
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unpack-'));
  folder = await mkdtemp(join(root, 'target-'));
});
afterEach(() => rm(root, { recursive: true }));

async function unpackEntries(entries: readonly Entry[]): Promise<void> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  await pipeline(archive as unknown as NodeJS.ReadableStream, createWriteStream(join(root, 'source.tar')));
  await unpack(join(root, 'source.tar'), folder, owner);
}

test('files, folders, links and executable bits arrive', async () => {
  await unpackEntries([
    { name: 'bin/', type: 'directory' },
    { name: 'bin/run me', mode: 0o755, content: '#!/bin/sh\n' },
    { name: 'ünïcode/empty' },
    { name: 'link', type: 'symlink', linkname: 'bin/run me' },
  ]);
  expect((await readdir(folder)).sort()).toEqual(['bin', 'link', 'ünïcode']);
  expect(await readFile(join(folder, 'link'), 'utf8')).toBe('#!/bin/sh\n');
  expect((await lstat(join(folder, 'bin/run me'))).mode & 0o777).toBe(0o755);
  expect((await lstat(join(folder, 'ünïcode/empty'))).mode & 0o7777).toBe(0o644);
  expect(await readlink(join(folder, 'link'))).toBe('bin/run me');
});

test('setuid bits are dropped', async () => {
  await unpackEntries([{ name: 'su', mode: 0o4755, content: 'x' }]);
  expect((await lstat(join(folder, 'su'))).mode & 0o7777).toBe(0o755);
});

describe('what would leave the folder is refused by name', () => {
  test.each<[string, readonly Entry[]]>([
    ['an absolute path', [{ name: '/etc/passwd', content: 'x' }]],
    ['a path with ..', [{ name: 'a/../../b', content: 'x' }]],
    ['an absolute link', [{ name: 'link', type: 'symlink', linkname: '/etc' }]],
    [
      'a name twice',
      [
        { name: 'a', content: 'x' },
        { name: 'a', content: 'y' },
      ],
    ],
    [
      'a file for a folder',
      [
        { name: 'a', content: 'x' },
        { name: 'a/b', content: 'y' },
      ],
    ],
    ['a name that no file can have', [{ name: 'a'.repeat(300), content: 'x' }]],
    ['a link with ..', [{ name: 'a/link', type: 'symlink', linkname: '../../etc' }]],
    [
      'a file below a link',
      [
        { name: 'd/', type: 'directory' },
        { name: 'l', type: 'symlink', linkname: 'd' },
        { name: 'l/x', content: 'x' },
      ],
    ],
    ['a hard link', [{ name: 'hard', type: 'link', linkname: '/etc/shadow' }]],
    ['a FIFO', [{ name: 'pipe', type: 'fifo' }]],
    ['a device', [{ name: 'null', type: 'character-device' }]],
  ])('%s', async (_, entries) => {
    await expect(unpackEntries(entries)).rejects.toThrow(UnsafeSourceError);
  });

  test('a file that overwrites an earlier link', async () => {
    const entries: Entry[] = [
      { name: 'x', type: 'symlink', linkname: 'y' },
      { name: 'x', content: 'through the link' },
    ];
    await expect(unpackEntries(entries)).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['x']);
  });
});
