/** A folder as source. */

import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { errorCode, errorMessage } from '../../resources/errors.ts';
import { CliError } from '../errors.ts';
import { unreadable } from '../unreadable.ts';
import { type IgnoreRule, ignoreRules } from './ignore-rules.ts';
import {
  changedFile,
  type FileEntry,
  type Item,
  leavesByWords,
  leavingLink,
  type SourceTree,
  walk,
} from './source-tree.ts';

/** Bytes; larger files are read piece by piece. */
const pieceSize = 1 << 20;

/**
 * @param isIgnored what is left out. Default: what its .kfignore says
 * @throws CliError for a link that leaves it, a name that is not UTF-8
 */
export function folderSource(folder: string, isIgnored?: IgnoreRule): SourceTree {
  const root = realpathSync.native(folder);
  const own = readIfExists(join(root, '.kfignore')) ?? readIfExists(join(root, '.cfignore'));
  const listing = {
    items: (path: string) => readdirSync(join(root, path)).map((name) => itemOf(join(root, path), name)),
    target: (path: string) => insideTarget(root, path),
  };
  return {
    what: 'Directory',
    root,
    ...walk(listing, isIgnored ?? ignoreRules(own)),
    contentOf: (file) => (file.size <= pieceSize ? wholeFile(root, file) : pieces(root, file)),
    close: () => undefined,
  };
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw new CliError(unreadable(path, error));
  }
}

function itemOf(folder: string, name: string): Item {
  // Such a name was made up for one that is not UTF-8: there is no such file.
  if (name.includes('\ufffd')) return { name, type: 'other', size: 0, executable: false };
  const stats = lstatSync(join(folder, name));
  return {
    name,
    type: stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : stats.isFile() ? 'file' : 'other',
    size: stats.size,
    executable: (stats.mode & 0o111) !== 0,
  };
}

/** The link's text, if it leads nowhere but into the tree, by its words and on the disk. */
function insideTarget(root: string, path: string): string {
  const target = readlinkSync(join(root, path));
  if (leavesByWords(path, target) || leavesOnDisk(root, path)) throw leavingLink(path, target);
  return target;
}

function leavesOnDisk(root: string, path: string): boolean {
  try {
    // The native one: the other takes `..` after a link by its words.
    const real = realpathSync.native(join(root, path));
    return real !== root && !real.startsWith(root + sep);
  } catch {
    // It leads to nothing: its words have been checked.
    return false;
  }
}

function wholeFile(root: string, { path, size }: FileEntry): Buffer {
  const content = guarded(path, () => readFileSync(join(root, path)));
  if (content.length !== size) throw changedFile(path);
  return content;
}

async function* pieces(root: string, { path, size }: FileEntry): AsyncIterable<Buffer> {
  const file = guarded(path, () => openSync(join(root, path), 'r'));
  try {
    if (fstatSync(file).size !== size) throw changedFile(path);
    for (let left = size; left > 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceSize, left));
      const count = readSync(file, piece);
      if (count === 0) throw changedFile(path);
      left -= count;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}

function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${errorMessage(error)}; list it in .kfignore to leave it out`);
  }
}
