/** Walks a source folder: what goes into the package, in an order that is always the same, and what does not. */

import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { CliError } from '../errors.ts';
import { unreadable } from '../unreadable.ts';
import { type IgnoreRule, ignoreRules } from './ignore-rules.ts';

export type TreeEntry =
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | { readonly type: 'file'; readonly path: string; readonly size: number; readonly executable: boolean };

export interface SourceTree {
  /** Without links in its own path. */
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
}

/** @throws CliError for a folder that is none, a link that leaves it, a name that is not UTF-8 */
export function walkSource(folder: string): SourceTree {
  const root = realRoot(folder);
  const walk: Walk = { root, isIgnored: ignoreRules(root), entries: [], ignored: [], skipped: [], files: 0, size: 0 };
  walkFolder(walk, '');
  return walk;
}

interface Walk {
  readonly root: string;
  readonly isIgnored: IgnoreRule;
  readonly entries: TreeEntry[];
  readonly ignored: string[];
  readonly skipped: string[];
  files: number;
  size: number;
}

function realRoot(folder: string): string {
  let stats: Stats;
  let root: string;
  try {
    root = realpathSync.native(folder);
    stats = lstatSync(root);
  } catch (error) {
    throw new CliError(unreadable(`the source ${folder}`, error));
  }
  if (stats.isDirectory()) return root;
  throw new CliError(
    /\.(zip|jar|war)$/i.test(folder)
      ? `${folder} is an archive; archives are not supported yet: unpack it and push the folder`
      : `${folder} is not a directory`,
  );
}

function walkFolder(walk: Walk, folder: string): void {
  const names = readdirSync(join(walk.root, folder)).sort(byCodeUnits);
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (name.includes('\ufffd'))
      throw new CliError(`the name of ${JSON.stringify(path)} is not valid UTF-8; rename it, or list it in .kfignore`);
    const stats = lstatSync(join(walk.root, path));
    const isDirectory = stats.isDirectory();
    if (walk.isIgnored(isDirectory ? `${path}/` : path)) walk.ignored.push(isDirectory ? `${path}/` : path);
    else add(walk, path, stats);
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function add(walk: Walk, path: string, stats: Stats): void {
  if (stats.isDirectory()) {
    walk.entries.push({ type: 'directory', path });
    walkFolder(walk, path);
  } else if (stats.isSymbolicLink()) {
    walk.entries.push({ type: 'symlink', path, target: insideTarget(walk.root, path) });
    walk.files++;
  } else if (stats.isFile()) {
    walk.entries.push({ type: 'file', path, size: stats.size, executable: (stats.mode & 0o111) !== 0 });
    walk.files++;
    walk.size += stats.size;
  } else walk.skipped.push(path);
}

/** The link's text, if it leads nowhere but into the tree, by its words and on the disk. */
function insideTarget(root: string, path: string): string {
  const target = readlinkSync(join(root, path));
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  const leaves =
    posix.isAbsolute(target) || resolved === '..' || resolved.startsWith('../') || leavesOnDisk(root, path);
  if (leaves)
    throw new CliError(
      `the link ${path} points outside of the source: ${target}; replace it by what it points to, or list it in .kfignore`,
    );
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
