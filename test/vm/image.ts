/**
 * Debian as it is installed on users' machines: systemd, cgroup v2, Debian's kernel, and the packages of
 * `programs.json`. It is made once and kept, until something in its recipe changes; machines write to a layer above it.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import lists from '../../src/node/doctor/programs.json' with { type: 'json' };
import { succeed } from './processes.ts';

const release = 'bookworm';
const diskSize = '32G';
const filesFolder = fileURLToPath(new URL('files', import.meta.url));

const system = ['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd', 'udev', 'kmod', 'initramfs-tools'];
const kernel = 'linux-image-cloud-amd64';
const comforts = ['openssh-server', 'sudo', 'cron', 'procps', 'ca-certificates', 'libatomic1'];

export interface Image {
  readonly kernel: string;
  readonly initrd: string;
  readonly disk: string;
  /** Of root and of the user `ann`. */
  readonly key: string;
}

export function packages(): readonly string[] {
  const programs = Object.values(lists).flatMap((list) => list.map((program) => program.package));
  return [...new Set([...programs, 'crun', ...system, kernel, ...comforts])].sort();
}

/** Changes with everything that the image is made of: packages, Node.js, our files, and this recipe. */
async function imageName(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([packages(), process.version]));
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  for (const entry of await readdir(filesFolder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) hash.update(await readFile(join(entry.parentPath, entry.name)));
  return `debian-${hash.digest('hex').slice(0, 12)}`;
}

/** @param say gets a line when something takes long */
export async function ensureImage(cache: string, say: (text: string) => void): Promise<Image> {
  const folder = join(cache, await imageName());
  const image = imageIn(folder);
  if (existsSync(folder)) return image;
  say('Installing Debian for the virtual machine, two minutes. Later runs use it again.');
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const made = join(cache, `making-${process.pid}`);
  try {
    await mkdir(made);
    await make(made);
    // Images of older recipes are of no use to anybody.
    for (const name of await readdir(cache))
      if (name.startsWith('debian-')) await rm(join(cache, name), { recursive: true });
    await rename(made, folder);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return image;
}

const imageIn = (folder: string): Image => ({
  kernel: join(folder, 'vmlinuz'),
  initrd: join(folder, 'initrd'),
  disk: join(folder, 'disk'),
  key: join(folder, 'key'),
});

async function make(folder: string): Promise<void> {
  const root = join(folder, 'root');
  await succeed('nice', [
    ...['mmdebstrap', '--quiet', '--variant=minbase', '--aptopt=APT::Install-Recommends "false"'],
    ...[`--include=${packages().join(',')}`, release, root],
  ]);
  const image = imageIn(folder);
  await succeed('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', image.key]);
  await installNode(root);
  await configure(root, await readFile(`${image.key}.pub`, 'utf8'));
  for (const name of await readdir(join(root, 'boot'))) {
    if (name.startsWith('vmlinuz-')) await cp(join(root, 'boot', name), image.kernel);
    if (name.startsWith('initrd.img-')) await cp(join(root, 'boot', name), image.initrd);
  }
  await succeed('mkfs.ext4', ['-q', '-F', '-L', 'kf-root', '-d', root, image.disk, diskSize]);
  await rm(root, { recursive: true });
}

/** Debian's own is too old; the one that runs this goes with what else there is. */
async function installNode(root: string): Promise<void> {
  const npm = dirname(dirname(await realpath((await succeed('sh', ['-c', 'command -v npm'])).trim())));
  await cp(process.execPath, join(root, 'usr/local/bin/node'));
  const modules = join(root, 'usr/local/lib/node_modules');
  await mkdir(modules, { recursive: true });
  await cp(npm, join(modules, 'npm'), { recursive: true });
  for (const name of ['npm', 'npx'])
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
}

async function configure(root: string, key: string): Promise<void> {
  await cp(filesFolder, root, { recursive: true });
  await writeFile(join(root, 'etc/machine-id'), '');
  const script = `set -e
    useradd --create-home --shell /bin/bash ann
    echo 'ann ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ann
    for home in /root /home/ann; do mkdir -p -m 700 $home/.ssh; echo "$1" >$home/.ssh/authorized_keys; done
    chown -R ann:ann /home/ann
    mkdir -p /opt/kf-tasks
    ln -s /opt/kf-tasks/bin/kf /usr/local/bin/kf
    systemctl enable systemd-networkd
    systemctl disable postgresql apt-daily.timer apt-daily-upgrade.timer`;
  await succeed('chroot', [root, 'sh', '-c', script, 'sh', key.trim()]);
}
