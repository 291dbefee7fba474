/** The skeleton of the stack `host`: a small read-only folder that all containers share as their root. */

import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makePublic, writePublic } from '../../files/durable.ts';
import { vcapUser } from '../../resources/vcap.ts';
import { etcStamp, type HostPath, presentEtc, topLinks } from './host-files.ts';

/** The user that everything on the host stack runs as. */
export const vcap = { ...vcapUser, name: 'vcap', home: '/home/vcap' } as const;

const passwd = `root:x:0:0:root:/root:/usr/sbin/nologin
vcap:x:${vcap.uid}:${vcap.gid}:vcap:${vcap.home}:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;
const group = `root:x:0:
tty:x:5:
vcap:x:${vcap.gid}:
nogroup:x:65534:
`;

/** Increase when this file makes something different of the same host. */
const layoutVersion = 1;

const emptyFolders = ['usr', 'proc', 'dev', 'sys', 'run', 'tmp', 'var/tmp', 'var/lib', 'root', 'opt', 'home/vcap/app'];
const perPodFiles = ['hosts', 'hostname', 'resolv.conf'];

export interface SkeletonOptions {
  /** Folder that holds skeletons, one per state of the host. */
  readonly directory: string;
  readonly initName: string;
  /** Mount points are made for these. */
  readonly hostPaths: readonly HostPath[];
}

const skeletonKey = ({ hostPaths }: SkeletonOptions): string =>
  createHash('sha256')
    .update(JSON.stringify([layoutVersion, hostPaths, topLinks()]))
    .update(etcStamp())
    .digest('hex')
    .slice(0, 16);

/** Path of the skeleton of the host as it is now; made when it is not there yet. */
export async function ensureSkeleton(options: SkeletonOptions): Promise<string> {
  const path = join(options.directory, skeletonKey(options));
  if (existsSync(path)) return path;
  const staging = `${path}.${process.pid}.tmp`;
  await rm(staging, { recursive: true, force: true });
  build(staging, options);
  try {
    await rename(staging, path);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  }
  return path;
}

/** Removes skeletons but those in `keep`, or with a folder in it: running containers still see older ones. */
export async function sweepSkeletons(directory: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const isKept = [...keep].some((used) => used === path || used.startsWith(`${path}/`));
    if (!isKept) await rm(path, { recursive: true, force: true });
  }
}

function build(root: string, { initName, hostPaths }: SkeletonOptions): void {
  for (const folder of emptyFolders) mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  for (const { name, target } of topLinks()) symlinkSync(target, join(root, name));
  mkdirSync(join(root, 'etc'));
  for (const name of presentEtc()) copyPublic(join('/etc', name), join(root, 'etc', name));
  for (const name of perPodFiles) writePublic(join(root, 'etc', name), '');
  writePublic(join(root, 'etc/passwd'), passwd);
  writePublic(join(root, 'etc/group'), group);
  symlinkSync('/proc/mounts', join(root, 'etc/mtab'));
  writePublic(join(root, initName), '');
  for (const { source, destination } of hostPaths) mountPoint(source, join(root, destination));
  for (const folder of ['home/vcap', 'home/vcap/app']) chownSync(join(root, folder), vcap.uid, vcap.gid);
  // The mode that a mkdir asks for is cut by the server's umask.
  for (const folder of ['.', 'etc', ...emptyFolders, 'var', 'home', 'home/vcap']) chmodSync(join(root, folder), 0o755);
}

function mountPoint(source: string, target: string): void {
  makePublic(dirname(target));
  if (lstatSync(source).isDirectory()) makePublic(target);
  else writePublic(target, '');
}

/** Copies what everyone may read; leaves out the rest in silence (private keys, password files). */
function copyPublic(source: string, target: string): void {
  const { mode } = lstatSync(source);
  const kind = mode & constants.S_IFMT;
  if (kind === constants.S_IFLNK) symlinkSync(readlinkSync(source), target);
  else if (kind === constants.S_IFREG && (mode & 0o004) !== 0) {
    copyFileSync(source, target);
    chmodSync(target, mode & 0o755);
  } else if (kind === constants.S_IFDIR && (mode & 0o005) === 0o005) {
    mkdirSync(target);
    chmodSync(target, 0o755);
    for (const name of readdirSync(source)) copyPublic(join(source, name), join(target, name));
  }
}
