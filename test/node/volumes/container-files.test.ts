import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createShown,
  makeShown,
  readShown,
  type ShownFolder,
  writeShown,
} from '../../../src/node/volumes/container-files.ts';

let root: string;
let view: readonly ShownFolder[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kf-shown-'));
  for (const name of ['one', 'two/deep', 'host']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'host/secret'), 'secret');
  view = [
    { destination: '/data', root: join(root, 'one'), subPath: '' },
    { destination: '/data/inner', root: join(root, 'two'), subPath: 'deep' },
  ];
});
afterEach(() => rmSync(root, { recursive: true }));

const read = (path: string, most = 100): string | undefined => readShown(view, path, most)?.toString();

test('a path is looked up in the innermost volume that shows it', () => {
  writeFileSync(join(root, 'one/a'), 'A');
  writeFileSync(join(root, 'two/deep/b'), 'B');
  expect(read('/data/a')).toBe('A');
  expect(read('/data/inner/b')).toBe('B');
  expect(read('/data/inner/none')).toBeUndefined();
  expect(read('/data/none/none')).toBeUndefined();
  expect(() => read('/etc/passwd')).toThrow("none of the container's volumes");
});

test('a link is followed as the container would, never out of its volumes', () => {
  writeFileSync(join(root, 'two/deep/b'), 'B');
  symlinkSync('/data/inner', join(root, 'one/inside'));
  symlinkSync('inner/b', join(root, 'one/relative'));
  symlinkSync(join(root, 'host'), join(root, 'one/outside'));
  symlinkSync('../host/secret', join(root, 'one/up'));
  symlinkSync('loop', join(root, 'one/loop'));
  expect(read('/data/inside/b')).toBe('B');
  expect(read('/data/relative')).toBe('B');
  for (const path of ['/data/outside/secret', '/data/up', '/data/inner/../../host/secret'])
    expect(() => read(path)).toThrow('none of the container');
  expect(() => read('/data/loop')).toThrow('too many links');
  expect(() => writeShown(view, '/data/outside/new', 'x')).toThrow('none of the container');
  expect(() => makeShown(view, '/data/outside/new', 0o777)).toThrow('none of the container');
});

test('the way to the volume itself follows no link at all', () => {
  rmSync(join(root, 'two/deep'), { recursive: true });
  symlinkSync(join(root, 'host'), join(root, 'two/deep'));
  expect(() => read('/data/inner/secret')).toThrow('leads out of the volume');
});

test('what is no file is refused, and nobody waits for a FIFO', () => {
  execFileSync('mkfifo', [join(root, 'one/fifo')]);
  expect(() => read('/data/fifo')).toThrow('is no file');
  expect(() => read('/data')).toThrow('is a folder');
  expect(() => createShown(view, '/data/fifo')).toThrow();
});

test('more than what may be read is refused', () => {
  writeFileSync(join(root, 'one/a'), 'x'.repeat(101));
  expect(() => read('/data/a')).toThrow('larger than 100 bytes');
  expect(read('/data/a', 101)).toHaveLength(101);
});

test('files and folders are made on the way', () => {
  writeShown(view, '/data/x/y/z', 'Z');
  writeShown(view, '/data/x/y/z', 'z');
  expect(readFileSync(join(root, 'one/x/y/z'), 'utf8')).toBe('z');
  const fd = makeShown(view, '/data/inner/p/q', 0o777);
  expect(fstatSync(fd).ino).toBe(statSync(join(root, 'two/deep/p/q')).ino);
  closeSync(fd);
  expect(statSync(join(root, 'two/deep/p/q')).mode & 0o777).toBe(0o777);
  expect(statSync(join(root, 'two/deep/p')).mode & 0o777).toBe(0o755);
});
