/** A Pod's volumes as mounts of its containers. */

import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { makePublic } from '../../files/durable.ts';
import type { Container, Pod, Volume } from '../../resources/core/pod.ts';
import { quantityValue } from '../../resources/quantity.ts';
import type { OciMount, OciUser } from '../runtime/oci.ts';
import { ConfigError } from './config-error.ts';
import type { References } from './references.ts';

export interface VolumeOptions {
  /** On the Pod's limited disk. */
  readonly diskDir: string;
  /** In memory, mode 0700. */
  readonly memoryDir: string;
  readonly references: References;
  /** Who writes to an emptyDir. */
  readonly user: OciUser;
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
  /** Other Pods may be writing to it. */
  readonly shared?: boolean;
}

/** Makes every volume of the Pod. @throws ConfigError */
export function prepareVolumes(pod: Pod, options: VolumeOptions): ReadonlyMap<string, PreparedVolume> {
  return new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, prepareVolume(volume, options)]));
}

const bind = (source: string, ...options: readonly string[]): PreparedVolume => ({
  type: 'bind',
  source,
  options: ['bind', 'nosuid', 'nodev', ...options],
});

function prepareVolume(volume: Volume, options: VolumeOptions): PreparedVolume {
  const { name, emptyDir, secret, configMap, hostPath, persistentVolumeClaim: claim } = volume;
  if (secret !== undefined)
    return files(name, options, {
      ...secret,
      data: options.references.secrets.get(secret.secretName),
      what: `secret "${secret.secretName}"`,
    });
  if (configMap !== undefined)
    return files(name, options, {
      ...configMap,
      data: options.references.configMaps.get(configMap.name),
      what: `configmap "${configMap.name}"`,
    });
  if (claim !== undefined) {
    const folder = options.claims.get(claim.claimName);
    if (folder === undefined) throw new ConfigError(`volume ${name}: no claim ${claim.claimName}`);
    return { ...bind(folder, ...(claim.readOnly === true ? ['ro'] : [])), shared: true };
  }
  if (hostPath !== undefined) return { ...bind(allowedHostPath(name, hostPath.path, options.hostPaths)), shared: true };
  if (emptyDir?.medium === 'Memory') return memory(emptyDir.sizeLimit);
  const path = join(options.diskDir, 'volumes', name);
  mkdirSync(path, { recursive: true });
  chownSync(path, options.user.uid, options.user.gid);
  return bind(path);
}

/** Counts against the container's memory limit, so an absent size is still bounded. */
function memory(sizeLimit: string | undefined): PreparedVolume {
  const size = sizeLimit === undefined ? [] : [`size=${quantityValue(sizeLimit)}`];
  return { type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', ...size] };
}

interface FilesSource {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
  readonly data: Readonly<Record<string, Buffer>> | undefined;
  readonly what: string;
}

function files(name: string, { memoryDir, user }: VolumeOptions, source: FilesSource): PreparedVolume {
  const { data, what, optional, defaultMode = 0o644 } = source;
  if (data === undefined && optional !== true) throw new ConfigError(`volume ${name}: ${what} not found`);
  const folder = join(memoryDir, 'volumes', name);
  makePublic(folder);
  const items = source.items ?? Object.keys(data ?? {}).map((key) => ({ key, path: key }));
  for (const { key, path, mode = defaultMode } of items as NonNullable<FilesSource['items']>) {
    const bytes = data?.[key];
    if (bytes === undefined && optional === true) continue;
    if (bytes === undefined) throw new ConfigError(`volume ${name}: ${what} has no key ${key}`);
    const target = inside(folder, path);
    if (target === undefined) throw new ConfigError(`volume ${name}: path ${path} leaves the volume`);
    makePublic(dirname(target));
    writeFileSync(target, bytes);
    chmodSync(target, mode);
    // Modes such as 0400 are meant for the user of the container.
    chownSync(target, user.uid, user.gid);
  }
  return bind(folder, 'ro', 'noexec');
}

/** The absolute path of `path` below `folder`, or undefined when it lies elsewhere. */
function inside(folder: string, path: string): string | undefined {
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

/** The mounts of one container, outer paths first. @throws ConfigError */
export function volumeMounts(
  pod: Pod,
  container: Container,
  volumes: ReadonlyMap<string, PreparedVolume>,
  user: OciUser,
): readonly OciMount[] {
  const mounts = (container.volumeMounts ?? []).map((mount) => {
    const volume = volumes.get(mount.name);
    if (volume === undefined) throw new ConfigError(`container ${container.name}: no volume ${mount.name}`);
    return {
      destination: mount.mountPath,
      type: volume.type,
      source: subPath(pod, mount, volume, user),
      options: [...volume.options, ...(mount.readOnly === true && !volume.options.includes('ro') ? ['ro'] : [])],
    };
  });
  return mounts.sort((a, b) => (a.destination < b.destination ? -1 : 1));
}

interface SubPathMount {
  readonly name: string;
  readonly subPath?: string;
}

/**
 * A folder of the volume instead of the whole. In a volume that an earlier container could write to, a link could lead
 * anywhere on the host between our look and the mount, so there it is refused.
 */
function subPath(pod: Pod, { name, subPath: path }: SubPathMount, volume: PreparedVolume, user: OciUser): string {
  if (path === undefined || path === '') return volume.source;
  const target = volume.type === 'bind' ? inside(volume.source, path) : undefined;
  if (target === undefined) throw new ConfigError(`subPath ${path} of volume ${name} is not allowed`);
  if (volume.options.includes('ro')) return target;
  if (volume.shared === true)
    throw new ConfigError(`subPath ${path} of volume ${name}: not supported for a hostPath or a claim`);
  if (pod.spec.containers.length > 1)
    throw new ConfigError(`subPath ${path} of volume ${name}: not supported in a Pod with several containers`);
  const made = mkdirSync(target, { recursive: true });
  if (made !== undefined) chownSync(target, user.uid, user.gid);
  return target;
}
