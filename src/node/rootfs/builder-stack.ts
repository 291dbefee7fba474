/**
 * The stack `builder`: the machine's own programs as root of a user namespace, to build images with. Root inside is an
 * ID that nobody has outside, so that what gets out of a build is nobody; inside it may mount, and run containers.
 */

import { lstatSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePublic, writePublic } from '../../files/durable.ts';
import { errorCode } from '../../resources/errors.ts';
import { ConfigError } from '../pods/plan/config-error.ts';
import { initPath } from '../runtime/oci-spec.ts';
import { topLinks } from './host-files.ts';
import type { HostStack } from './host-stack.ts';
import { podFiles, readOnlyBind, writableBind } from './mounts.ts';
import type { Rootfs, RootfsProvider, RootfsRequest, UserNamespace } from './rootfs.ts';
import { hostZone, usualPath } from './usual-environment.ts';

/** Above the IDs of systemd's containers, far from those that people have. Files of build caches bear them. */
export const builderIds: UserNamespace = { hostId: 1_879_048_192, size: 65_536 };

const emptyFolders = ['dev', 'etc', 'opt', 'proc', 'run', 'sys', 'tmp', 'usr', 'var/tmp'];
/** Mount points of volumes, the only ones there are: the root is read-only and shared. */
const builderFolders = ['build', 'source', 'bases'];

export interface BuilderStackOptions {
  /** The root folder, made when it is not there: it holds no more than mount points. */
  readonly directory: string;
  readonly hostStack: HostStack;
}

export class BuilderStack implements RootfsProvider {
  readonly #options: BuilderStackOptions;

  constructor(options: BuilderStackOptions) {
    this.#options = options;
  }

  async prepare({ diskDir, files }: RootfsRequest): Promise<Rootfs> {
    const { directory, hostStack } = this.#options;
    makeRoot(directory);
    const etc = join(await hostStack.skeleton(), 'etc');
    return {
      path: directory,
      readonly: true,
      mounts: [
        ...hostStack.fromHost().filter(({ destination }) => !destination.startsWith('/opt/')),
        readOnlyBind(etc, '/etc'),
        ...podFiles(files),
        { destination: '/run', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=755'] },
        ...['tmp', 'var/tmp'].map((name) => writableBind(ownFolder(diskDir, name.replace('/', '-')), `/${name}`)),
      ],
      user: { uid: 0, gid: 0 },
      userNamespace: builderIds,
      env: [`PATH=${usualPath}`, 'HOME=/tmp', 'LANG=C.UTF-8', `TZ=${hostZone()}`],
      cwd: '/',
      entrypoint: [],
      cmd: [],
      hasShell: true,
    };
  }
}

function ownFolder(diskDir: string, name: string): string {
  const path = join(diskDir, name);
  makePublic(path, 0o1777);
  return path;
}

/** @throws ConfigError where root inside could not get to it */
function makeRoot(directory: string): void {
  for (const folder of ['.', ...emptyFolders, 'var', ...builderFolders]) makePublic(join(directory, folder));
  for (const { name, target } of topLinks()) link(target, join(directory, name));
  writePublic(join(directory, initPath), '');
  for (let path = dirname(directory); path !== '/'; path = dirname(path))
    if ((lstatSync(path).mode & 0o001) === 0)
      throw new ConfigError(`images cannot be built: ${path} is closed to others, and this machine has no /dev/shm`);
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}
