/** The mounts that root file systems are made of. Pure. */

import type { OciMount } from '../runtime/oci.ts';
import type { RootfsRequest } from './rootfs.ts';

export const readOnlyBind = (source: string, destination: string): OciMount => ({
  destination,
  type: 'bind',
  source,
  options: ['bind', 'ro', 'nosuid', 'nodev'],
});

export const writableBind = (source: string, destination: string): OciMount => ({
  destination,
  type: 'bind',
  source,
  options: ['bind', 'rw', 'nosuid', 'nodev'],
});

/** Hides a folder of the host. */
export const emptyFolder = (destination: string): OciMount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['ro', 'nosuid', 'nodev', 'noexec', 'size=0k'],
});

/** The files that were made for the Pod, in their places. */
export const podFiles = (files: RootfsRequest['files']): readonly OciMount[] => [
  readOnlyBind(files.hosts, '/etc/hosts'),
  readOnlyBind(files.hostname, '/etc/hostname'),
  readOnlyBind(files.resolvConf, '/etc/resolv.conf'),
];

interface OverlayFolders {
  /** Topmost first, as overlayfs wants them. */
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
}

export const overlay = (destination: string, { lower, upper, work }: OverlayFolders): OciMount => ({
  destination,
  type: 'overlay',
  source: 'overlay',
  options: [
    'nosuid',
    'nodev',
    `lowerdir=${lower.map(quoted).join(':')}`,
    `upperdir=${quoted(upper)}`,
    `workdir=${quoted(work)}`,
  ],
});

/** What an overlay has below, as `overlay` wrote it; nothing for another mount. */
export const lowerFolders = (options: readonly string[]): readonly string[] =>
  options
    .filter((option) => option.startsWith('lowerdir='))
    .flatMap((option) => option.slice('lowerdir='.length).split(/(?<!\\):/))
    .map((path) => path.replace(/\\([\\:,])/g, '$1'));

/** Colons and commas have a meaning in overlayfs' options. */
const quoted = (path: string): string => path.replace(/[\\:,]/g, '\\$&');
