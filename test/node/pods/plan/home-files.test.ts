import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyHomeFiles } from '../../../../src/node/pods/plan/home-files.ts';
import { LayerStack } from '../../../../src/node/rootfs/layer-stack.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-home-files-'));
  for (const path of ['source/.ssh', 'lower/home/me', 'upper', 'volume'])
    mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, 'source/.gitconfig'), 'config');
  writeFileSync(join(folder, 'source/.ssh/id'), 'key');
});
afterEach(() => rmSync(folder, { recursive: true }));

const user = { uid: process.getuid!(), gid: process.getgid!() };
function copy(home: string): void {
  const layers = new LayerStack([join(folder, 'lower')]);
  copyHomeFiles({
    source: join(folder, 'source'),
    home,
    user,
    shown: [{ destination: '/volume', root: join(folder, 'volume'), subPath: '' }],
    rootfs: { written: { destination: '/', upper: join(folder, 'upper'), below: (path) => layers.stats(path) } },
  });
}
const modeOf = (path: string) => lstatSync(join(folder, path)).mode & 0o777;

test('over an image: its folders stay what they are, new ones are the user’s alone', () => {
  copy('/home/me');
  expect(readFileSync(join(folder, 'upper/home/me/.ssh/id'), 'utf8')).toBe('key');
  expect(modeOf('upper/home/me')).toBe(modeOf('lower/home/me'));
  expect(modeOf('upper/home/me/.ssh')).toBe(0o700);
  expect(modeOf('upper/home/me/.gitconfig')).toBe(0o600);
});

test('a home that is a link in the image is left alone', () => {
  rmSync(join(folder, 'lower/home/me'), { recursive: true });
  symlinkSync('/etc', join(folder, 'lower/home/me'));
  copy('/home/me');
  expect(lstatSync(join(folder, 'upper/home/me'), { throwIfNoEntry: false })).toBeUndefined();
});

test('into a volume: no link in it leads out, and the rest is copied all the same', () => {
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'volume/.ssh'));
  copy('/volume');
  expect(lstatSync(join(folder, 'elsewhere/id'), { throwIfNoEntry: false })).toBeUndefined();
  expect(readFileSync(join(folder, 'volume/.gitconfig'), 'utf8')).toBe('config');
});

test('again: a longer file that is there is replaced whole', () => {
  writeFileSync(join(folder, 'volume/.gitconfig'), 'a longer configuration');
  copy('/volume');
  expect(readFileSync(join(folder, 'volume/.gitconfig'), 'utf8')).toBe('config');
  expect(modeOf('volume/.gitconfig')).toBe(0o600);
});
