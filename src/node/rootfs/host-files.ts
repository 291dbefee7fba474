/** What of the host the stack `host` shows, and where it lies inside. */

import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { unescapeMountinfo } from '../cgroup/hierarchies.ts';

/** Entries of /etc that are copied; a trailing `*` matches a prefix. Only what everyone on the host may read is. */
const etcEntries = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'debian_version',
  'fonts',
  'java*',
  'ld.so.cache',
  'ld.so.conf*',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'os-release',
  'perl',
  'protocols',
  'python*',
  'services',
  'ssl',
  'terminfo',
  'timezone',
];

/** Parts of /usr that hold the machine's own configuration and sources. */
export const hiddenUsr = ['/usr/local/etc', '/usr/local/src'];

/** The entries of a host's /etc that `etcEntries` names, sorted. */
export function presentEtc(etc = '/etc'): readonly string[] {
  const matches = (name: string): boolean =>
    etcEntries.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
  return readdirSync(etc).filter(matches).sort();
}

/** A read-only directory or file of the host inside. */
export interface HostPath {
  readonly source: string;
  readonly destination: string;
}

/** Folder inside where a Node.js that lies outside of /usr is shown. */
const nodePrefix = '/opt/node';

/** What belongs to a Node.js below its prefix; the prefix itself may be somebody's home. */
const nodeFolders = ['bin', 'lib/node_modules', 'include/node'];

/** Where to find the Node.js that runs the server, when /usr does not hold it. */
export function nodeOutsideUsr(execPath: string, exists: (path: string) => boolean = existsSync): readonly HostPath[] {
  if (execPath.startsWith('/usr/')) return [];
  const prefix = dirname(dirname(execPath));
  if (basename(dirname(execPath)) !== 'bin' || prefix === '/')
    return [{ source: execPath, destination: `${nodePrefix}/bin/node` }];
  return nodeFolders
    .map((folder) => ({ source: join(prefix, folder), destination: `${nodePrefix}/${folder}` }))
    .filter(({ source }) => exists(source));
}

export const nodeBin = `${nodePrefix}/bin`;

/** Mount points below /usr: a plain bind of /usr shows their bare folders, so each is bound too. @param mountinfo text of /proc/self/mountinfo */
export function mountsBelowUsr(mountinfo: string): readonly string[] {
  const points = mountinfo.split('\n').map((line) => unescapeMountinfo(line.split(' ')[4] ?? ''));
  return [...new Set(points.filter((point) => point.startsWith('/usr/')))].sort();
}

/** `bin`, `lib` …: links into /usr on every current distribution. */
export function topLinks(): readonly { readonly name: string; readonly target: string }[] {
  return ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']
    .filter((name) => existsSync(join('/', name)) || existsSync(join('/usr', name)))
    .map((name) => ({ name, target: `usr/${name}` }));
}

/**
 * Changes whenever something that the skeleton copies does, also deep inside: certificates live in folders of folders.
 * A link changes with its folder's time. About a millisecond.
 */
export function etcStamp(etc = '/etc'): string {
  const stamps: string[] = [];
  for (const name of presentEtc(etc)) stampTree(join(etc, name), stamps);
  return stamps.join('\n');
}

function stampTree(path: string, stamps: string[]): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  stamps.push(`${path}:${stats.mtimeMs}:${stats.ctimeMs}:${stats.size}:${stats.ino}`);
  if (!stats.isDirectory()) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() || entry.isFile()) stampTree(join(path, entry.name), stamps);
}

export const readMountinfo = (): string => readFileSync('/proc/self/mountinfo', 'utf8');
