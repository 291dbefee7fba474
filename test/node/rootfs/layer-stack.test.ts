import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LayerStack } from '../../../src/node/rootfs/layer-stack.ts';

let root: string;
let layers: LayerStack;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'layers-'));
  for (const name of ['top', 'bottom']) mkdirSync(join(root, name));
  layers = new LayerStack([join(root, 'top'), join(root, 'bottom')]);
});
afterEach(() => rmSync(root, { recursive: true }));

function file(path: string, content = path): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

test('folders are merged, the topmost file wins', () => {
  file('bottom/etc/passwd');
  file('bottom/etc/group');
  file('top/etc/passwd');
  expect([layers.readText('/etc/passwd'), layers.readText('etc/group')]).toEqual([
    'top/etc/passwd',
    'bottom/etc/group',
  ]);
  expect([layers.hasFolder('/etc'), layers.hasFolder('/etc/passwd'), layers.hasFile('/etc')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('a folder may hide what lies below it', () => {
  file('bottom/etc/passwd');
  file('bottom/srv/a');
  file('top/etc/group');
  file('top/srv/b');
  const asked: string[] = [];
  const opaque = new LayerStack([join(root, 'top'), join(root, 'bottom')], (layer) => {
    asked.push(layer);
    return new Set(['/etc']);
  });
  expect(['/etc/passwd', '/etc/group', '/srv/a'].map((path) => opaque.hasFile(path))).toEqual([false, true, true]);
  expect(asked).toEqual([join(root, 'top')]);
});

test('links are followed through all layers, relative and absolute', () => {
  link('bottom/bin', 'usr/bin');
  file('bottom/usr/bin/dash');
  link('top/usr/bin/sh', '/bin/dash');
  expect(layers.readText('/bin/sh')).toBe('bottom/usr/bin/dash');
  link('top/loop', 'loop');
  expect(layers.hasFile('/loop')).toBe(false);
});

test('no link leads out of the layers', () => {
  file('secret', 'of the host');
  link('bottom/etc', root);
  expect(layers.readText('/etc/secret')).toBeUndefined();
  link('top/up', '../../../secret');
  expect(layers.readText('/up')).toBeUndefined();
  // A folder above hides a link below, and what the link would lead to.
  mkdirSync(join(root, 'top/etc'));
  expect(layers.readText('/etc/secret')).toBeUndefined();
});

test('what a layer removed is not there', () => {
  file('bottom/etc/passwd');
  mkdirSync(join(root, 'top/etc'));
  execFileSync('mknod', [join(root, 'top/etc/passwd'), 'c', '0', '0']);
  expect(layers.hasFile('/etc/passwd')).toBe(false);
});
