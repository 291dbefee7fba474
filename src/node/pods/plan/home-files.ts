/** Files of a volume copied into the home of a container's user, before anything runs in the container. */

import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { errorCode } from '../../../resources/errors.ts';
import type { Rootfs } from '../../rootfs/rootfs.ts';
import type { OciUser } from '../../runtime/oci.ts';
import { isMissing, makeShown, openShown, type ShownFolder, Unreachable } from '../../volumes/container-files.ts';

export interface HomeFilesOptions {
  /** A folder that only the server writes to. */
  readonly source: string;
  /** Absolute, in the container. */
  readonly home: string;
  readonly user: OciUser;
  readonly shown: readonly ShownFolder[];
  readonly rootfs: Pick<Rootfs, 'written'>;
}

/** What cannot be put there, because something else is in the way, is left out. */
export function copyHomeFiles({ source, home, user, shown, rootfs }: HomeFilesOptions): void {
  for (const path of filesBelow(source)) {
    const content = readFileSync(join(source, path));
    const target = join(home, path);
    try {
      if (shown.some(({ destination }) => isBelow(target, destination))) intoVolume(shown, target, content, user);
      else if (rootfs.written !== undefined) intoRoot(rootfs.written, target, content, user);
    } catch (error) {
      if (!(error instanceof Unreachable) && errorCode(error) === undefined) throw error;
    }
  }
}

const filesBelow = (folder: string, at = ''): readonly string[] =>
  readdirSync(join(folder, at), { withFileTypes: true }).flatMap((entry) => {
    const path = join(at, entry.name);
    if (entry.isDirectory()) return filesBelow(folder, path);
    return entry.isFile() ? [path] : [];
  });

const isBelow = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY;

function intoVolume(shown: readonly ShownFolder[], target: string, content: Buffer, user: OciUser): void {
  const folder = dirname(target);
  try {
    closeSync(openShown(shown, folder, folderFlags));
  } catch (error) {
    if (!isMissing(error)) throw error;
    owned(makeShown(shown, folder, 0o700), user);
  }
  const fd = openShown(shown, target, constants.O_WRONLY | constants.O_CREAT);
  try {
    const stats = fstatSync(fd);
    // A file of another step's user is that one's.
    if (stats.isFile() && (stats.size === 0 || stats.uid === user.uid)) {
      ftruncateSync(fd);
      writeFileSync(fd, content);
      fchmodSync(fd, 0o600);
      fchownSync(fd, user.uid, user.gid);
    }
  } finally {
    closeSync(fd);
  }
}

function owned(fd: number, { uid, gid }: OciUser): void {
  fchownSync(fd, uid, gid);
  closeSync(fd);
}

/** Into a root file system that no container has run in yet, so that there are no links of strangers. */
function intoRoot(
  { destination, upper, below }: NonNullable<Rootfs['written']>,
  target: string,
  content: Buffer,
  user: OciUser,
): void {
  if (!isBelow(target, destination)) return;
  const parts = target.slice(destination === '/' ? 1 : destination.length + 1).split('/');
  let [here, path] = [upper, destination];
  for (const part of parts.slice(0, -1)) {
    [here, path] = [join(here, part), join(path, part)];
    if (!folderAt(here, below(path), user)) return;
  }
  const file = join(here, parts.at(-1)!);
  writeFileSync(file, content, { mode: 0o600 });
  chmodSync(file, 0o600);
  chownSync(file, user.uid, user.gid);
}

/** Makes a folder over the one below it, with its owner and permissions; a new one is the user's. False: something else is there. */
function folderAt(path: string, below: Stats | undefined, user: OciUser): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined) return there.isDirectory();
  if (below !== undefined && !below.isDirectory()) return false;
  mkdirSync(path);
  chmodSync(path, below === undefined ? 0o700 : below.mode & 0o7777);
  chownSync(path, below?.uid ?? user.uid, below?.gid ?? user.gid);
  return true;
}
