import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceStore } from '../../src/build/source-store.ts';

let dataDir: string;
let store: SourceStore;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sources-'));
  store = new SourceStore(dataDir);
  await store.start();
});
afterEach(() => rm(dataDir, { recursive: true }));

const bytes = Buffer.from('a source package');
const sha256 = createHash('sha256').update(bytes).digest('hex');
async function* body(...chunks: Buffer[]) {
  yield* chunks;
}
const kept = () => readdir(join(dataDir, 'sources'));

test('keeps the bytes under their checksum', async () => {
  await store.receive(body(bytes.subarray(0, 3), bytes.subarray(3)), { size: bytes.length, sha256 });
  expect(await store.has(sha256)).toBe(true);
  expect(await readFile(store.pathOf(sha256))).toEqual(bytes);
});

test.each<[string, Buffer, number, string, RegExp]>([
  ['fewer bytes than announced', bytes.subarray(1), bytes.length, sha256, /expected 16 bytes, got 15/],
  ['more bytes than announced', bytes, 3, sha256, /expected 3 bytes, got more/],
  ['another checksum', Buffer.alloc(bytes.length), bytes.length, sha256, /checksum does not match expected/],
])('%s: nothing is kept', async (_, sent, size, expected, message) => {
  await expect(store.receive(body(sent), { size, sha256: expected })).rejects.toThrow(message);
  expect(await kept()).toEqual([]);
});

test('an upload that would fill the disk is refused before it begins', async () => {
  const size = 2 ** 60;
  await expect(store.receive(body(bytes), { size, sha256 })).rejects.toMatchObject({ reason: 'InsufficientStorage' });
  expect(await kept()).toEqual([]);
});

test('a broken upload leaves nothing', async () => {
  async function* broken() {
    yield bytes;
    throw new Error('connection lost');
  }
  await expect(store.receive(broken(), { size: 100, sha256 })).rejects.toThrow('connection lost');
  expect(await kept()).toEqual([]);
});

test('what a crash left is removed at start', async () => {
  await writeFile(join(dataDir, 'sources/1234.part'), 'half');
  await store.start();
  expect(await kept()).toEqual([]);
});

test('pruning removes what nothing names, and leaves what is asked for or received meanwhile', async () => {
  await store.receive(body(bytes), { size: bytes.length, sha256 });
  await store.prune(async () => new Set([sha256]));
  expect(await kept()).toHaveLength(1);
  await store.prune(async () => {
    expect(await store.has(sha256)).toBe(true);
    return new Set();
  });
  expect(await kept()).toHaveLength(1);
  const other = Buffer.from('another');
  const otherSha = createHash('sha256').update(other).digest('hex');
  await store.prune(async () => {
    await store.receive(body(other), { size: other.length, sha256: otherSha });
    return new Set();
  });
  expect(await kept()).toEqual([`${otherSha}.tar`]);
});
