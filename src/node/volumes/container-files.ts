/**
 * Files as a container sees them, reached by the server, which is root: while it looks, whoever is in the container may put
 * links into the way. So every part of a path is opened by itself, below the folder that is held open, and follows no link
 * (what openat2 does in one call); a link is read, and what it names is looked up anew as the container would see it.
 */

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path/posix';
import { errorCode } from '../../resources/errors.ts';

/** A folder of this machine that shows at a path of the container. */
export interface ShownFolder {
  /** Absolute, in the container. */
  readonly destination: string;
  /** A folder that only the server can exchange: a volume. */
  readonly root: string;
  /** Where below it; others may write there. Empty: it is the root itself. */
  readonly subPath: string;
}

/** A path leads out of all that the server may reach, or to no file. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The kernel's own limit. */
const mostLinks = 40;
const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A FIFO keeps nobody waiting. */
const always = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

interface Missing {
  /** Mode of folders that are made where they lack. Default: none are made. */
  readonly makeFolders?: number;
}

/** The descriptor of what is at `path`; whoever asks closes it. @throws Unreachable, or what the system says */
export function openShown(
  view: readonly ShownFolder[],
  path: string,
  flags: number,
  { makeFolders }: Missing = {},
): number {
  let at = path;
  for (let links = 0; links <= mostLinks; links++) {
    const found = walk(view, at, flags, makeFolders);
    if (typeof found === 'number') return found;
    at = found.target;
  }
  throw new Unreachable(`${path}: too many links`);
}

function opened<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * What is there, or undefined.
 * @param most bytes
 * @param tooLarge what to say of more
 * @throws TooLarge, Unreachable when it is no file
 */
export function readShown(
  view: readonly ShownFolder[],
  path: string,
  most: number,
  tooLarge = `${path} is larger than ${most} bytes`,
): Buffer | undefined {
  try {
    return opened(openShown(view, path, constants.O_RDONLY), (fd) => readAll(fd, path, most, tooLarge));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export class TooLarge extends Unreachable {}

function readAll(fd: number, path: string, most: number, tooLarge: string): Buffer {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw new Unreachable(`${path} is no file`);
  const buffer = Buffer.alloc(Math.min(stats.size, most) + 1);
  let length = 0;
  for (let read = 1; read > 0 && length < buffer.length; length += read)
    read = readSync(fd, buffer, length, buffer.length - length, length);
  if (length > most) throw new TooLarge(tooLarge);
  return buffer.subarray(0, length);
}

/** For writing anew; folders on the way are made. Whoever asks closes it. @throws Unreachable */
export function createShown(view: readonly ShownFolder[], path: string): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
  const fd = openShown(view, path, flags, { makeFolders: 0o755 });
  if (fstatSync(fd).isFile()) {
    fchmodSync(fd, 0o644);
    return fd;
  }
  closeSync(fd);
  throw new Unreachable(`${path} is no file`);
}

export const writeShown = (view: readonly ShownFolder[], path: string, content: string): void =>
  opened(createShown(view, path), (fd) => writeFileSync(fd, content));

/** A folder that is there afterwards; whoever asks closes it. @param mode of the last one, where it is made */
export function makeShown(view: readonly ShownFolder[], path: string, mode: number): number {
  try {
    return openShown(view, path, folderFlags);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const fd = openShown(view, path, folderFlags, { makeFolders: 0o755 });
  fchmodSync(fd, mode);
  return fd;
}

/** A link that is there afterwards; what is there already stays. */
export const linkShown = (view: readonly ShownFolder[], path: string, target: string): void =>
  opened(makeShown(view, dirname(path), 0o755), (fd) => {
    try {
      symlinkSync(target, `/proc/self/fd/${fd}/${basename(path)}`);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  });

type Found = number | { readonly target: string };

/** The descriptor, or the path that a link on the way makes of it. */
function walk(view: readonly ShownFolder[], path: string, flags: number, makeFolders: number | undefined): Found {
  const { folder, rest } = placeOf(view, path);
  const isFolder = (flags & constants.O_DIRECTORY) !== 0;
  let fd = openSync(folder.root, constants.O_RDONLY | constants.O_DIRECTORY);
  // Links in the way of the mount itself were refused when it was made: there it ends.
  let shown: string | undefined;
  try {
    const parts = [
      ...split(folder.subPath).map((part) => [part, false] as const),
      ...rest.map((part) => [part, true] as const),
    ];
    if (parts.length === 0 && !isFolder) throw new Unreachable(`${path} is a folder`);
    for (const [index, [part, linksLead]] of parts.entries()) {
      if (linksLead) shown ??= folder.destination;
      const last = index === parts.length - 1;
      const next = step(fd, part, last ? flags : folderFlags, !last || isFolder ? makeFolders : undefined);
      if (typeof next !== 'number') {
        if (!linksLead) throw new Unreachable(`${path}: a link leads out of the volume`);
        return { target: resolve(shown!, next.target, ...parts.slice(index + 1).map(([name]) => name)) };
      }
      if (linksLead) shown = join(shown!, part);
      closeSync(fd);
      fd = next;
    }
    const found = fd;
    fd = -1;
    return found;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

function step(fd: number, name: string, flags: number, makeFolders: number | undefined): Found {
  const path = `/proc/self/fd/${fd}/${name}`;
  if (makeFolders !== undefined)
    try {
      mkdirSync(path, makeFolders);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  try {
    return openSync(path, flags | always, 0o644);
  } catch (error) {
    // A link is no folder, and loops: which of both the kernel says depends on the flags.
    if (errorCode(error) !== 'ELOOP' && errorCode(error) !== 'ENOTDIR') throw error;
    try {
      return { target: readlinkSync(path) };
    } catch {
      // What was a link a moment ago is none.
      throw errorCode(error) === 'ELOOP' ? new Unreachable(`${name}: a link leads elsewhere`) : error;
    }
  }
}

/** The innermost folder that shows a path, and what is left of it. */
function placeOf(view: readonly ShownFolder[], path: string): { folder: ShownFolder; rest: readonly string[] } {
  const parts = split(resolve('/', path));
  const holds = ({ destination }: ShownFolder): boolean =>
    split(destination).every((part, index) => parts[index] === part);
  const depth = ({ destination }: ShownFolder): number => split(destination).length;
  const folder = view
    .filter(holds)
    .reduce<ShownFolder | undefined>(
      (best, one) => (best === undefined || depth(one) >= depth(best) ? one : best),
      undefined,
    );
  if (folder === undefined) throw new Unreachable(`${path} lies in none of the container's volumes`);
  return { folder, rest: parts.slice(depth(folder)) };
}

const split = (path: string): readonly string[] => path.split('/').filter((part) => part !== '' && part !== '.');
export const isMissing = (error: unknown): boolean => errorCode(error) === 'ENOENT';
