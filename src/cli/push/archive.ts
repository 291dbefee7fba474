/** A source tree as tar: the same tree gives the same bytes, whenever and by whomever it was written. */

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { pack as makePack, type Pack } from 'tar-stream';

import { CliError, messageOf } from '../errors.ts';
import type { SourceTree, TreeEntry } from './source-tree.ts';

export interface SourceDigest {
  /** Hexadecimal, of the tar. */
  readonly sha256: string;
  /** Bytes of the tar. */
  readonly size: number;
}

type TarHeader = Parameters<Pack['entry']>[0];

/** 1980-01-01T00:00:01Z: zip, and so Python's wheels, know nothing before. */
const mtime = new Date(315_532_801_000);
/** Bytes; larger files are read piece by piece. */
const pieceSize = 1 << 20;

/** Reads the whole tree once. */
export async function digestOf(tree: SourceTree): Promise<SourceDigest> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of tarOf(tree)) {
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
  for (const entry of tree.entries) await addEntry(pack, tree.root, entry);
  pack.finalize();
}

async function addEntry(pack: Pack, root: string, entry: TreeEntry): Promise<void> {
  if (entry.type === 'file') return addFile(pack, root, entry);
  const header: TarHeader =
    entry.type === 'directory'
      ? { name: `${entry.path}/`, type: 'directory', mode: 0o755, mtime }
      : { name: entry.path, type: 'symlink', linkname: entry.target, mode: 0o777, mtime };
  await new Promise<void>((resolve, reject) => {
    pack.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}

async function addFile(pack: Pack, root: string, entry: TreeEntry & { type: 'file' }): Promise<void> {
  const header: TarHeader = {
    name: entry.path,
    type: 'file',
    mode: entry.executable ? 0o755 : 0o644,
    mtime,
    size: entry.size,
  };
  const path = join(root, entry.path);
  if (entry.size <= pieceSize) {
    const content = guarded(entry.path, () => readFileSync(path));
    if (content.length !== entry.size) throw changed(entry.path);
    return new Promise<void>((resolve, reject) => {
      pack.entry(header, content, (error) => (error ? reject(error) : resolve()));
    });
  }
  await new Promise<void>((resolve, reject) => {
    const sink = pack.entry(header, (error) => (error ? reject(error) : resolve()));
    copyPieces(path, entry, sink).catch((error) => {
      sink.destroy(error);
      reject(error);
    });
  });
}

async function copyPieces(
  path: string,
  entry: TreeEntry & { type: 'file' },
  sink: NodeJS.WritableStream,
): Promise<void> {
  const file = guarded(entry.path, () => openSync(path, 'r'));
  try {
    if (fstatSync(file).size !== entry.size) throw changed(entry.path);
    for (let left = entry.size; left > 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceSize, left));
      const count = readSync(file, piece);
      if (count === 0) throw changed(entry.path);
      left -= count;
      if (!sink.write(piece.subarray(0, count))) await new Promise((resolve) => sink.once('drain', resolve));
    }
    sink.end();
  } finally {
    closeSync(file);
  }
}

function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${messageOf(error)}; list it in .kfignore to leave it out`);
  }
}

const changed = (path: string): CliError => new CliError(`${path} changed while it was read; push again`);
