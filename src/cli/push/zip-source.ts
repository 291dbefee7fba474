/** A zip archive as source: read where it lies, so that nothing of it is ever written to this machine's disk. */

import { realpathSync } from 'node:fs';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { errorMessage } from '../../resources/errors.ts';
import { largestSourcePackage } from '../../resources/kf/source-package.ts';
import { formatBytes } from '../../resources/quantity.ts';
import { CliError } from '../errors.ts';
import { ignoreRules } from './ignore-rules.ts';
import {
  changedFile,
  type FileEntry,
  type Item,
  leavesByWords,
  leavingLink,
  type SourceTree,
  walk,
} from './source-tree.ts';

/** Entries of one archive, as many as the server takes in a package. */
const mostEntries = 500_000;
/** Bytes of a link's text, PATH_MAX of Linux. */
const longestLink = 4096;

/** @throws CliError naming the archive, or the entry that no source has: outside of it, twice, encrypted, too large */
export async function zipSource(file: string): Promise<SourceTree> {
  // Only for those who push one: it takes time to load.
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(file, { autoClose: false }).catch((error: unknown) => {
    throw new CliError(`${file} is not a zip archive: ${errorMessage(error)}`);
  });
  try {
    const archive = await readArchive(zip);
    return {
      what: 'Archive',
      root: realpathSync.native(file),
      ...walk(archive, ignoreRules(archive.text('.kfignore') ?? archive.text('.cfignore'))),
      contentOf: (entry) => inflated(zip, archive.entryOf(entry.path), entry),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error instanceof CliError ? error : new CliError(`${file}: ${errorMessage(error)}`);
  }
}

interface Node extends Item {
  readonly entry?: Entry;
  /** Of a folder, by name. */
  readonly children: Map<string, Node>;
}

const folderNode = (name: string): Node => ({
  name,
  type: 'directory',
  size: 0,
  executable: false,
  children: new Map(),
});

class ArchiveTree {
  readonly #root = folderNode('');
  /** Texts of links and of ignore files, by path. */
  readonly #texts = new Map<string, string>();

  items(folder: string): readonly Item[] {
    return [...(this.#find(folder)?.children.values() ?? [])];
  }

  target(path: string): string {
    const target = this.#texts.get(path) ?? '';
    if (leavesByWords(path, target)) throw leavingLink(path, target);
    return target;
  }

  text(path: string): string | undefined {
    return this.#texts.get(path);
  }

  keepText(path: string, text: string): void {
    this.#texts.set(path, text);
  }

  entryOf(path: string): Entry {
    return this.#find(path)!.entry!;
  }

  /** @throws CliError when something else has the name, or lies where a folder would have to be */
  add(path: string, entry: Entry): void {
    const folder = this.#folder(posix.dirname(path));
    const name = posix.basename(path);
    if (entry.fileName.endsWith('/')) return void this.#folder(path);
    if (folder.children.has(name)) throw new CliError(`the archive has ${path} twice`);
    folder.children.set(name, { name, ...kindOf(entry), entry, children: new Map() });
  }

  #folder(path: string): Node {
    if (path === '.') return this.#root;
    const parent = this.#folder(posix.dirname(path));
    const name = posix.basename(path);
    const found = parent.children.get(name);
    if (found !== undefined && found.type !== 'directory')
      throw new CliError(`the archive has ${path} as a folder, and as something else`);
    const made = found ?? folderNode(name);
    parent.children.set(name, made);
    return made;
  }

  #find(path: string): Node | undefined {
    if (path === '') return this.#root;
    return path.split('/').reduce<Node | undefined>((node, name) => node?.children.get(name), this.#root);
  }
}

async function readArchive(zip: ZipFile): Promise<ArchiveTree> {
  if (zip.entryCount > mostEntries) throw new CliError(`the archive has more than ${mostEntries} files`);
  const tree = new ArchiveTree();
  let size = 0;
  for await (const entry of zip.eachEntry()) {
    const path = posix.normalize(entry.fileName.replace(/\/+$/, '') || '.');
    if (entry.fileName.includes('\0')) throw new CliError(`${JSON.stringify(entry.fileName)} is no file's name`);
    if (path === '.') continue;
    // What it says is what it may have: one that has more is an error when it is read.
    size += entry.uncompressedSize;
    if (size > largestSourcePackage)
      throw new CliError(`the archive has more than ${formatBytes(largestSourcePackage)} when it is unpacked`);
    if (!entry.canDecodeFileData())
      throw new CliError(`${path} is encrypted, or compressed in a way that is not known: pack it anew`);
    tree.add(path, entry);
    const isLink = kindOf(entry).type === 'symlink';
    if (isLink && entry.uncompressedSize > longestLink)
      throw new CliError(`the link ${path} is longer than a path can be`);
    if (isLink || path === '.kfignore' || path === '.cfignore') tree.keepText(path, await textOf(zip, path, entry));
  }
  return tree;
}

/** By the mode's format, `S_IFMT`. */
const types = new Map<number, Item['type']>([
  [0o10, 'file'],
  [0o04, 'directory'],
  [0o12, 'symlink'],
]);

/** Unix modes stand in the upper half of the attributes, where the archive was made on Unix. */
function kindOf({ versionMadeBy, externalFileAttributes, uncompressedSize: size }: Entry): Omit<Item, 'name'> {
  const mode = versionMadeBy >> 8 === 3 ? externalFileAttributes >>> 16 : 0;
  const format = mode >> 12;
  // Without modes every file is executable, as Kf has it.
  return {
    type: format === 0 ? 'file' : (types.get(format) ?? 'other'),
    size,
    executable: mode === 0 || (mode & 0o111) !== 0,
  };
}

async function textOf(zip: ZipFile, path: string, entry: Entry): Promise<string> {
  const parts: Buffer[] = [];
  const { uncompressedSize: size } = entry;
  for await (const part of inflated(zip, entry, { type: 'file', path, size, executable: false })) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** @throws CliError when the bytes are not those that were packed */
async function* inflated(zip: ZipFile, entry: Entry, { path, size }: FileEntry): AsyncIterable<Buffer> {
  let sum = 0;
  let count = 0;
  try {
    const stream: Readable = await zip.openReadStreamPromise(entry);
    for await (const part of stream as AsyncIterable<Buffer>) {
      sum = crc32(part, sum);
      count += part.length;
      yield part;
    }
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(`cannot unpack ${path}: ${errorMessage(error)}`);
  }
  if (count !== size) throw changedFile(path);
  if (sum !== entry.crc32) throw new CliError(`${path} is damaged in the archive: its checksum does not match`);
}
