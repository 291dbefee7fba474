/** A Pod's volumes, made ready to be mounted. */

import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { makePublic } from '../../../files/durable.ts';
import type { Container, Pod, Volume } from '../../../resources/core/pod.ts';
import { containersOf } from '../../../resources/core/pod-containers.ts';
import { quantityValue } from '../../../resources/quantity.ts';
import type { OciUser } from '../../runtime/oci.ts';
import { ConfigError } from './config-error.ts';
import type { PodFacts } from './environment.ts';
import type { References } from './references.ts';
import { type VolumeFile, volumeFiles } from './volume-files.ts';

export interface VolumeOptions {
  /** On the Pod's limited disk. */
  readonly diskDir: string;
  /** In memory, mode 0700. */
  readonly memoryDir: string;
  readonly references: References;
  readonly facts: PodFacts;
  /** Whose the container's files are. */
  readonly user: OciUser;
  /** Group that volumes belong to, too. */
  readonly fsGroup?: number;
  /** Folders below which a hostPath may lie. */
  readonly hostPaths: readonly string[];
  /** Folders of claims, by the claim's name. */
  readonly claims: ReadonlyMap<string, string>;
}

/** A volume made ready: what to mount, once per container that wants it. */
export interface PreparedVolume {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
  /** Nobody but the server writes to it. */
  readonly own?: boolean;
}

/** Makes every volume of the Pod as one of its containers is to see it. @throws ConfigError */
export function prepareVolumes(pod: Pod, options: VolumeOptions): ReadonlyMap<string, PreparedVolume> {
  return new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, prepareVolume(pod, volume, options)]));
}

const bind = (source: string, ...options: readonly string[]): PreparedVolume => ({
  type: 'bind',
  source,
  options: ['bind', 'nosuid', 'nodev', ...options],
});

function prepareVolume(pod: Pod, volume: Volume, options: VolumeOptions): PreparedVolume {
  const { name, emptyDir, hostPath, persistentVolumeClaim: claim } = volume;
  const files = volumeFiles(volume, options.references, options.facts);
  if (files !== undefined) return { ...filled(name, options, files), own: true };
  if (claim !== undefined) {
    const folder = options.claims.get(claim.claimName);
    if (folder === undefined) throw new ConfigError(`volume ${name}: no claim ${claim.claimName}`);
    if (claim.readOnly !== true) give(folder, options.fsGroup);
    return bind(folder, ...(claim.readOnly === true ? ['ro'] : []));
  }
  if (hostPath !== undefined) return bind(allowedHostPath(name, hostPath.path, options.hostPaths));
  // What several containers share lies on the disk: a tmpfs is one container's own.
  if (emptyDir?.medium === 'Memory' && usersOf(pod, name).length < 2) return memory(emptyDir.sizeLimit);
  return bind(emptyFolder(join(options.diskDir, 'volumes', name), options));
}

const usersOf = (pod: Pod, volume: string): readonly Container[] =>
  containersOf(pod).filter(({ volumeMounts = [] }) => volumeMounts.some(({ name }) => name === volume));

/** Writable by everybody, as Kubernetes' are; it belongs to the user of the first container that mounts it. */
function emptyFolder(path: string, { user, fsGroup }: VolumeOptions): string {
  if (mkdirSync(path, { recursive: true }) === undefined) return path;
  chownSync(path, user.uid, user.gid);
  chmodSync(path, 0o777);
  give(path, fsGroup);
  return path;
}

/** New files in the folder belong to the group, too. What is in it stays as it is. */
function give(path: string, group: number | undefined): void {
  if (group === undefined) return;
  const { uid, gid, mode } = lstatSync(path);
  if (gid === group && (mode & 0o2070) === 0o2070) return;
  chownSync(path, uid, group);
  chmodSync(path, (mode & 0o7777) | 0o2070);
}

/** Counts against the container's memory limit, so an absent size is still bounded. */
function memory(sizeLimit: string | undefined): PreparedVolume {
  const size = sizeLimit === undefined ? [] : [`size=${quantityValue(sizeLimit)}`];
  return { type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', ...size] };
}

function filled(
  name: string,
  { memoryDir, user, fsGroup }: VolumeOptions,
  files: readonly VolumeFile[],
): PreparedVolume {
  // Modes such as 0400 are meant for the user of the container, and those differ.
  const folder = join(memoryDir, 'volumes', `${name}-${user.uid}-${user.gid}`);
  makePublic(folder);
  for (const { path, bytes, mode } of files) {
    const target = inside(folder, path);
    if (target === undefined) throw new ConfigError(`volume ${name}: path ${path} leaves the volume`);
    makePublic(dirname(target));
    writeFileSync(target, bytes);
    chmodSync(target, mode | (fsGroup === undefined ? 0 : 0o040));
    chownSync(target, user.uid, fsGroup ?? user.gid);
  }
  return bind(folder, 'ro', 'noexec');
}

/** The absolute path of `path` below `folder`, or undefined when it lies elsewhere. */
export function inside(folder: string, path: string): string | undefined {
  const target = resolve(folder, path);
  return target.startsWith(folder + sep) ? target : undefined;
}

function allowedHostPath(name: string, path: string, allowed: readonly string[]): string {
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    throw new ConfigError(`volume ${name}: hostPath ${path} does not exist`);
  }
  if (allowed.some((folder) => inside(folder, real) !== undefined && leadsStraight(folder, dirname(real)))) return real;
  throw new ConfigError(`volume ${name}: hostPath ${path} is not allowed; only the server's own folders are`);
}

/** Whether nobody but the server can put a link into the way between our look and the mount. */
function leadsStraight(folder: string, path: string): boolean {
  const { uid, mode } = lstatSync(path);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return false;
  return path === folder || leadsStraight(folder, dirname(path));
}
