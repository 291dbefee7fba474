/** A root file system of Debian's packages: their files, none of their scripts. Runs apt-get and dpkg-deb. */

import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Recipe } from './recipes.ts';

const run = promisify(execFile);
const maxBuffer = 64 * 2 ** 20;
/** What no program reads that tests start. */
const leftOut = ['doc', 'man', 'info', 'locale', 'lintian', 'bug', 'menu', 'pixmaps', 'zoneinfo'];
/** Debian's folders since they were merged. */
const merged = ['bin', 'sbin', 'lib', 'lib64'];

/** @param archives where packages are kept that have been downloaded */
export async function makeDebianRoot(root: string, recipe: Recipe, archives: string): Promise<void> {
  mkdirSync(root, { recursive: true });
  for (const name of merged) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  for (const file of await download(recipe.packages, archives)) await unpack(file, root);
  writeUsers(root);
  for (const [path, mode] of [
    ['tmp', 0o1777],
    ['var/tmp', 0o1777],
    ['root', 0o700],
  ] as const)
    makeFolder(join(root, path), mode);
  if (recipe.busybox) linkBusybox(root);
  for (const [path, target] of Object.entries(recipe.links ?? {})) link(join(root, path), target);
  for (const [path, what] of Object.entries(recipe.files ?? {})) {
    const { text, mode } = typeof what === 'string' ? { text: what, mode: 0o644 } : what;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
    chmodSync(join(root, path), mode);
  }
  for (const [path, { mode, uid = 0 }] of Object.entries(recipe.folders ?? {})) {
    makeFolder(join(root, path), mode);
    chownSync(join(root, path), uid, uid);
  }
}

/** The packages and all that they need, in the versions of this machine's Debian. @returns their files */
async function download(packages: readonly string[], archives: string): Promise<readonly string[]> {
  const nothing = join(archives, 'nothing');
  for (const folder of [archives, nothing]) mkdirSync(join(folder, 'partial'), { recursive: true });
  const status = join(archives, 'status');
  // As if nothing was installed: otherwise what this machine has would be left out.
  writeFileSync(status, '');
  // Debian's own, where others have packages of the same name.
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const isKnown = (await run('apt-cache', ['policy'], { maxBuffer })).stdout.includes(`n=${release},`);
  const options = [
    `Dir::State::status=${status}`,
    'Debug::NoLocking=1',
    // The user _apt need not reach the cache.
    'APT::Sandbox::User=root',
    ...(isKnown ? [`APT::Default-Release=${release}`] : []),
  ].flatMap((option) => ['-o', option]);
  const install = (folder: string, flag: string) => [
    ...options,
    ...['-o', `Dir::Cache::archives=${folder}`, '-qq', '-y', '--no-install-recommends', flag, 'install', ...packages],
  ];
  // It leaves out what is in the cache.
  const wanted = await aptGet(install(nothing, '--print-uris'));
  const files = [...wanted.matchAll(/^'[^']+' (\S+\.deb) /gm)].map(([, file]) => join(archives, file!));
  if (!files.every(existsSync)) await aptGet(install(archives, '--download-only'));
  const cached = files.filter(existsSync);
  if (cached.length !== files.length || files.length === 0)
    throw new Error(`apt-get has not brought ${files.filter((file) => !existsSync(file)).join(', ') || packages}`);
  return cached;
}

async function aptGet(args: readonly string[]): Promise<string> {
  try {
    return (await run('apt-get', args, { maxBuffer })).stdout;
  } catch (error) {
    // Lists that are missing or old.
    await run('apt-get', ['-qq', 'update'], { maxBuffer });
    return (await run('apt-get', args, { maxBuffer }).catch(() => Promise.reject(error))).stdout;
  }
}

async function unpack(file: string, root: string): Promise<void> {
  const excluded = leftOut.map((name) => `--exclude=./usr/share/${name}`).join(' ');
  const script = `set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink ${excluded}`;
  await run('bash', ['-c', script, 'unpack', file, root], { maxBuffer });
}

/** As Debian's base-passwd has them; with the user that sshd steps back to, and one without rights. */
function writeUsers(root: string): void {
  const users = ['root:x:0:0:root:/root:/bin/sh', 'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin'];
  const more = ['nonroot:x:1000:1000::/home/nonroot:/bin/sh', 'nobody:x:65534:65534:nobody:/nonexistent:/bin/sh'];
  mkdirSync(join(root, 'etc'), { recursive: true });
  const write = (name: string, lines: readonly string[], mode = 0o644) =>
    writeFileSync(join(root, 'etc', name), `${lines.join('\n')}\n`, { mode });
  write('passwd', [...users, ...more]);
  write('group', ['root:x:0:', 'tty:x:5:', 'shadow:x:42:', 'nonroot:x:1000:', 'nogroup:x:65534:']);
  write('shadow', ['root:!::0:::::', 'sshd:!::0:::::', 'nonroot:*::0:::::', 'nobody:*::0:::::'], 0o640);
}

function linkBusybox(root: string): void {
  const list = execFileSync(join(root, 'bin/busybox'), ['--list'], { encoding: 'utf8' });
  for (const name of list.trim().split('\n')) link(join(root, 'usr/bin', name), 'busybox');
  // Where scripts say it is, on every Unix.
  if (!existsSync(join(root, 'usr/bin/env'))) throw new Error('busybox is no env');
}

function link(path: string, target: string): void {
  if (existsSync(path)) return;
  rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function makeFolder(path: string, mode = 0o755): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}
