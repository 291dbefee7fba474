/** Unpacks a source package into a folder, and nothing anywhere else. */

import { createReadStream } from 'node:fs';
import { chown, lchown, mkdir, open, symlink } from 'node:fs/promises';
import { basename, join, normalize, posix } from 'node:path';
import { extract, type Header } from 'tar-stream';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A package that is no tar, would leave its folder, or holds what no source has (devices, hard links, a name twice). */
export class UnsafeSourceError extends Error {
  override readonly name = 'UnsafeSourceError';
}

/** Files in one package; more is taken for an attack on the file system's inodes. */
const mostEntries = 500_000;

/**
 * @param folder exists and is empty; nothing else writes to it meanwhile
 * @throws UnsafeSourceError naming the entry
 */
export async function unpack(tarFile: string, folder: string, owner: Owner): Promise<void> {
  const made = new Set<string>();
  const links = new Set<string>();
  const archive = extract();
  const input = createReadStream(tarFile);
  input.on('error', (error) => archive.destroy(error)).pipe(archive as unknown as NodeJS.WritableStream);
  let entries = 0;
  try {
    for await (const entry of archive) {
      if (++entries > mostEntries) throw new UnsafeSourceError(`more than ${mostEntries} files`);
      const path = safePath(entry.header.name, links);
      await makeParents(folder, path === '.' ? '.' : posix.dirname(path), owner, made);
      if (path !== '.') await write(entry as unknown as Entry, folder, path, owner, made, links);
      entry.resume();
    }
  } catch (error) {
    throw sourceFault(error as NodeJS.ErrnoException) ?? error;
  } finally {
    // An archive that is given up does not close what feeds it.
    input.destroy();
  }
}

/** Faults that another attempt meets again: of the package itself, not of the machine. */
function sourceFault({ code, message, path }: NodeJS.ErrnoException): UnsafeSourceError | undefined {
  // tar-stream's complaints about what it reads have no code.
  if (code === undefined) return new UnsafeSourceError(message);
  return namingFaults.has(code) ? new UnsafeSourceError(`${basename(path ?? '')}: ${message}`) : undefined;
}

const namingFaults = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP', 'EILSEQ', 'EINVAL']);

type Entry = AsyncIterable<Buffer> & { readonly header: Header };

async function write(
  entry: Entry,
  folder: string,
  path: string,
  owner: Owner,
  made: Set<string>,
  links: Set<string>,
): Promise<void> {
  const target = join(folder, path);
  const { type, linkname } = entry.header;
  if (type === 'directory') return makeParents(folder, path, owner, made);
  if (type === 'symlink') {
    refuseLeavingLink(path, linkname);
    await symlink(linkname, target);
    await lchown(target, owner.uid, owner.gid);
    links.add(path);
    return;
  }
  if (type !== 'file' && type !== 'contiguous-file') throw new UnsafeSourceError(`${path} is a ${type}`);
  // `wx` refuses to write through a link or over a file that an earlier entry made.
  const file = await open(target, 'wx', entry.header.mode & 0o111 ? 0o755 : 0o644);
  try {
    // Unlike write, it goes on after a short write.
    for await (const chunk of entry) await file.writeFile(chunk);
    await file.chown(owner.uid, owner.gid);
  } finally {
    await file.close();
  }
}

/** The entry's path, relative and without `..`, not below a link. */
function safePath(name: string, links: ReadonlySet<string>): string {
  const path = posix.normalize(name.replace(/\/+$/, '') || '.');
  if (name.includes('\0') || posix.isAbsolute(path) || path === '..' || path.startsWith('../'))
    throw new UnsafeSourceError(`${JSON.stringify(name)} lies outside of the source`);
  for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent))
    if (links.has(parent)) throw new UnsafeSourceError(`${path} lies below the link ${parent}`);
  return path;
}

function refuseLeavingLink(path: string, target: string): void {
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  if (target === '' || posix.isAbsolute(target) || resolved === '..' || resolved.startsWith('../'))
    throw new UnsafeSourceError(`the link ${path} points outside of the source: ${target}`);
}

async function makeParents(folder: string, path: string, owner: Owner, made: Set<string>): Promise<void> {
  if (path === '.' || made.has(path)) return;
  await makeParents(folder, posix.dirname(path), owner, made);
  const target = join(folder, normalize(path));
  await mkdir(target, { mode: 0o755 });
  await chown(target, owner.uid, owner.gid);
  made.add(path);
}
