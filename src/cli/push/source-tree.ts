/** What goes into a source package, in an order that is always the same, and what does not. */

import { posix } from 'node:path';
import { CliError } from '../errors.ts';
import type { IgnoreRule } from './ignore-rules.ts';

export interface FileEntry {
  readonly type: 'file';
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

export type TreeEntry =
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | FileEntry;

export interface SourceTree {
  /** What the source is: `Directory` or `Archive`. */
  readonly what: 'Directory' | 'Archive';
  /** The folder or archive, without links in its own path. */
  readonly root: string;
  /** Parents before what is in them; paths are relative, with `/`. */
  readonly entries: readonly TreeEntry[];
  /** Number of files and links. */
  readonly files: number;
  /** Bytes of all files. */
  readonly size: number;
  /** What the ignore rules left out, directories with `/` at the end. */
  readonly ignored: readonly string[];
  /** FIFOs, sockets, devices. */
  readonly skipped: readonly string[];
  /** The bytes of a file, whole where they are few. @throws CliError when it is not what it was */
  contentOf(file: FileEntry): Buffer | AsyncIterable<Buffer>;
  close(): void;
}

/** Something in a folder of the source. */
export interface Item {
  readonly name: string;
  readonly type: 'directory' | 'file' | 'symlink' | 'other';
  /** Bytes of a file. */
  readonly size: number;
  readonly executable: boolean;
}

/** How a walk sees the source. Paths are relative; that of the source itself is empty. */
export interface Listing {
  /** In any order. */
  items(folder: string): readonly Item[];
  /** A link's text. @throws CliError when it leads out of the source */
  target(path: string): string;
}

export type Walked = Pick<SourceTree, 'entries' | 'files' | 'size' | 'ignored' | 'skipped'>;

/** @throws CliError for a link that leaves the source, a name that is not UTF-8 */
export function walk(listing: Listing, isIgnored: IgnoreRule): Walked {
  const found: Found = { entries: [], ignored: [], skipped: [], files: 0, size: 0 };
  walkFolder({ listing, isIgnored, found }, '');
  return found;
}

interface Found extends Walked {
  readonly entries: TreeEntry[];
  readonly ignored: string[];
  readonly skipped: string[];
  files: number;
  size: number;
}

interface Walk {
  readonly listing: Listing;
  readonly isIgnored: IgnoreRule;
  readonly found: Found;
}

function walkFolder(state: Walk, folder: string): void {
  const { listing, isIgnored, found } = state;
  for (const item of [...listing.items(folder)].sort((a, b) => byCodeUnits(a.name, b.name))) {
    const path = folder === '' ? item.name : `${folder}/${item.name}`;
    if (item.name.includes('\ufffd'))
      throw new CliError(`the name of ${JSON.stringify(path)} is not valid UTF-8; rename it, or list it in .kfignore`);
    const shown = item.type === 'directory' ? `${path}/` : path;
    if (isIgnored(shown)) found.ignored.push(shown);
    else add(state, path, item);
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function add(state: Walk, path: string, { type, size, executable }: Item): void {
  const { listing, found } = state;
  if (type === 'directory') {
    found.entries.push({ type, path });
    walkFolder(state, path);
  } else if (type === 'symlink') {
    found.entries.push({ type, path, target: listing.target(path) });
    found.files++;
  } else if (type === 'file') {
    found.entries.push({ type, path, size, executable });
    found.files++;
    found.size += size;
  } else found.skipped.push(path);
}

/** Whether a link leads out of the source by its words. */
export function leavesByWords(path: string, target: string): boolean {
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  return target === '' || posix.isAbsolute(target) || resolved === '..' || resolved.startsWith('../');
}

export const leavingLink = (path: string, target: string): CliError =>
  new CliError(
    `the link ${path} points outside of the source: ${target}; replace it by what it points to, or list it in .kfignore`,
  );

export const changedFile = (path: string): CliError => new CliError(`${path} changed while it was read; push again`);
