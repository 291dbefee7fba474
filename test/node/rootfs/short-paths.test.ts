import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shortPaths } from '../../../src/node/rootfs/short-paths.ts';

let links: string;
beforeEach(() => {
  links = join(mkdtempSync(join(tmpdir(), 'l-')), 'l');
});
afterEach(() => rmSync(join(links, '..'), { recursive: true }));

const layers = (count: number) =>
  Array.from({ length: count }, (_, index) => `/storage/overlay/${index}${'x'.repeat(64)}/diff`);

test('few paths stay as they are', () => {
  expect(shortPaths(layers(10), links)).toEqual(layers(10));
});

test('many get short names, in their order, the same each time', () => {
  const short = shortPaths(layers(127), links);
  expect(short.map((path) => readlinkSync(path))).toEqual(layers(127));
  expect(shortPaths(layers(127), links)).toEqual(short);
  expect(readdirSync(links)).toHaveLength(127);
  expect(short.map((path) => path.slice(links.length + 1).length)).toEqual(short.map(() => 6));
});
