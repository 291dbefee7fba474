/** A container's mounts of its Pod's volumes, and what the server may reach of them. */

import { closeSync, constants, fchmodSync, fchownSync, fstatSync } from 'node:fs';
import type { Container, VolumeMount } from '../../../resources/core/pod.ts';
import { errorCode } from '../../../resources/errors.ts';
import type { OciMount, OciUser } from '../../runtime/oci.ts';
import { isMissing, makeShown, openShown, type ShownFolder, Unreachable } from '../../volumes/container-files.ts';
import { ConfigError } from './config-error.ts';
import { expand } from './environment.ts';
import { inside, type PreparedVolume } from './volumes.ts';

/** What must show at a place in the container: whoever shares the volume may have put a link into the way meanwhile. */
export interface ExpectedMount {
  readonly destination: string;
  /** Held open, so that its number is nobody else's. */
  readonly fd: number;
}

export interface ContainerMounts {
  /** Outer paths first. */
  readonly mounts: readonly OciMount[];
  readonly shown: readonly ShownFolder[];
  readonly expected: readonly ExpectedMount[];
}

/** @param environment what `subPathExpr` sees. @throws ConfigError */
export function volumeMounts(
  container: Container,
  volumes: ReadonlyMap<string, PreparedVolume>,
  user: OciUser,
  environment: ReadonlyMap<string, string>,
): ContainerMounts {
  const mounts: OciMount[] = [];
  const shown: ShownFolder[] = [];
  const expected: ExpectedMount[] = [];
  try {
    for (const mount of container.volumeMounts ?? []) {
      const volume = volumes.get(mount.name);
      if (volume === undefined) throw new ConfigError(`container ${container.name}: no volume ${mount.name}`);
      const { mountPath: destination } = mount;
      const subPath = subPathOf(mount, environment);
      const source = sourceOf(mount.name, volume, subPath);
      if (subPath !== '' && volume.own !== true) expected.push({ destination, fd: ready(volume, subPath, user) });
      const readOnly = mount.readOnly === true && !volume.options.includes('ro') ? ['ro'] : [];
      mounts.push({ destination, type: volume.type, source, options: [...volume.options, ...readOnly] });
      if (volume.type === 'bind') shown.push({ destination, root: volume.source, subPath });
    }
  } catch (error) {
    release(expected);
    throw error;
  }
  mounts.sort((a, b) => (a.destination < b.destination ? -1 : 1));
  return { mounts, shown, expected };
}

function subPathOf({ name, subPath, subPathExpr }: VolumeMount, environment: ReadonlyMap<string, string>): string {
  if (subPathExpr === undefined || subPathExpr === '') return subPath ?? '';
  const path = expand(subPathExpr, environment);
  if (!/\$\(/.test(path)) return path;
  throw new ConfigError(`subPathExpr ${subPathExpr} of volume ${name}: missing value`);
}

function sourceOf(name: string, volume: PreparedVolume, subPath: string): string {
  if (subPath === '' || subPath === '.') return volume.source;
  const target = volume.type === 'bind' ? inside(volume.source, subPath) : undefined;
  if (target === undefined) throw new ConfigError(`subPath ${subPath} of volume ${name} is not allowed`);
  return target;
}

/** What is at a path of a volume, reached without following a link; a folder is made where nothing is. @throws ConfigError */
function ready(volume: PreparedVolume, subPath: string, user: OciUser): number {
  const view = [{ destination: '/', root: volume.source, subPath }];
  try {
    return openShown(view, '/', constants.O_RDONLY);
  } catch (error) {
    if (!isMissing(error)) throw explained(error, subPath);
  }
  if (volume.options.includes('ro'))
    throw new ConfigError(`subPath ${subPath} is not in the volume, which is read-only`);
  try {
    return madeFor(view, user);
  } catch (error) {
    // Whoever shares the volume may have put anything there since.
    throw explained(error, subPath);
  }
}

function madeFor(view: readonly ShownFolder[], user: OciUser): number {
  const fd = makeShown(view, '/', 0o777);
  try {
    fchownSync(fd, user.uid, user.gid);
    fchmodSync(fd, 0o777);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function explained(error: unknown, subPath: string): unknown {
  const why = error instanceof Unreachable ? 'a link leads elsewhere' : lacking(error);
  return why === undefined ? error : new ConfigError(`subPath ${subPath}: ${why}`);
}

function lacking(error: unknown): string | undefined {
  if (isMissing(error)) return 'it was removed while it was mounted';
  return errorCode(error) === 'ENOTDIR' ? 'a part of it is no folder' : undefined;
}

/** Throws when a created container does not show what it should. @param pid of its first process. @throws ConfigError */
export function checkMounts(pid: number, expected: readonly ExpectedMount[]): void {
  const view = [{ destination: '/', root: `/proc/${pid}/root`, subPath: '' }];
  for (const { destination, fd } of expected)
    if (!isSame(view, destination, fd))
      throw new ConfigError(`the mount at ${destination} was led elsewhere by a link while it was made`);
}

function isSame(view: readonly ShownFolder[], destination: string, fd: number): boolean {
  try {
    const at = openShown(view, destination, constants.O_RDONLY);
    const [shows, should] = [fstatSync(at), fstatSync(fd)];
    closeSync(at);
    return shows.dev === should.dev && shows.ino === should.ino;
  } catch (error) {
    if (error instanceof Unreachable || lacking(error) !== undefined) return false;
    throw error;
  }
}

export function release(expected: readonly ExpectedMount[]): void {
  for (const { fd } of expected) closeSync(fd);
}
