/** A source tree as tar: the same tree gives the same bytes, whenever and by whomever it was written. */

import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pack as makePack, type Pack } from 'tar-stream';

import type { FileEntry, SourceTree, TreeEntry } from './source-tree.ts';

export interface SourceDigest {
  /** Hexadecimal, of the tar. */
  readonly sha256: string;
  /** Bytes of the tar. */
  readonly size: number;
}

type TarHeader = Parameters<Pack['entry']>[0];

/** 1980-01-01T00:00:01Z: zip, and so Python's wheels, know nothing before. */
const mtime = new Date(315_532_801_000);

/** Reads the whole tree once. @param watched sees the chunks as they pass */
export async function digestOf(
  tree: SourceTree,
  watched: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer> = (chunks) => chunks,
): Promise<SourceDigest> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of watched(tarOf(tree))) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest('hex'), size };
}

/** @throws CliError when a file changes while it is read */
export async function* tarOf(tree: SourceTree): AsyncIterable<Buffer> {
  const pack = makePack();
  const feeding = feed(pack, tree);
  feeding.catch((error) => pack.destroy(error));
  yield* pack as unknown as AsyncIterable<Buffer>;
  await feeding;
}

async function feed(pack: Pack, tree: SourceTree): Promise<void> {
  for (const entry of tree.entries)
    if (entry.type === 'file') await addFile(pack, tree, entry);
    else await addBare(pack, entry);
  pack.finalize();
}

function addBare(pack: Pack, entry: Exclude<TreeEntry, FileEntry>): Promise<void> {
  const header: TarHeader =
    entry.type === 'directory'
      ? { name: `${entry.path}/`, type: 'directory', mode: 0o755, mtime }
      : { name: entry.path, type: 'symlink', linkname: entry.target, mode: 0o777, mtime };
  return new Promise<void>((resolve, reject) => {
    pack.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}

async function addFile(pack: Pack, tree: SourceTree, entry: FileEntry): Promise<void> {
  const header: TarHeader = {
    name: entry.path,
    type: 'file',
    mode: entry.executable ? 0o755 : 0o644,
    mtime,
    size: entry.size,
  };
  const content = tree.contentOf(entry);
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (Buffer.isBuffer(content)) return void pack.entry(header, content, done);
    const sink = pack.entry(header, done) as unknown as Writable;
    sink.on('error', reject);
    pump(content, sink).catch((error) => sink.destroy(error));
  });
}

async function pump(content: AsyncIterable<Buffer>, sink: Writable): Promise<void> {
  for await (const piece of content) if (!sink.write(piece)) await drained(sink);
  sink.end();
}

/** Resolves when the sink takes more. @throws Error where its reader has gone */
async function drained(sink: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      sink.off('drain', done).off('close', done);
      resolve();
    };
    sink.on('drain', done).on('close', done);
  });
  if (sink.destroyed) throw new Error('the package is not wanted any more');
}
