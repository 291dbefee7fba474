/**
 * The root of an image that brings its whole file system (base `scratch`): its layers as one overlay at `/`, written to
 * on the Pod's disk. The layers' folders are the lower ones themselves; the OCI runtime mounts it.
 */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../pods/config-error.ts';
import { type ImageUser, imageUser, withVcap } from './image-user.ts';
import { LayerStack } from './layer-stack.ts';
import { overlay, podFiles } from './mounts.ts';
import type { Rootfs, RootfsProvider, RootfsRequest } from './rootfs.ts';
import { vcap } from './skeleton.ts';
import { hostZone, usualPath } from './usual-environment.ts';

export class LayeredRoot implements RootfsProvider {
  async prepare({ image, diskDir, files, runAs }: RootfsRequest): Promise<Rootfs> {
    const { config } = image.manifest;
    const layers = new LayerStack([...image.layerPaths].reverse());
    const databases = { passwd: layers.readText('/etc/passwd') ?? '', group: layers.readText('/etc/group') ?? '' };
    const user = userOf(runAs.user === undefined ? (config.user ?? '') : String(runAs.user), databases);
    const folders = { upper: join(diskDir, 'upper'), work: join(diskDir, 'work') };
    const root = join(diskDir, 'root');
    for (const folder of [folders.upper, folders.work, root]) mkdirSync(folder, { recursive: true });
    chmodSync(folders.upper, 0o755);
    fill(folders.upper, layers, user, databases);
    return {
      path: root,
      overlay: overlay('/', { ...folders, lower: [...image.layerPaths].reverse() }),
      readonly: false,
      mounts: podFiles(files),
      user: { ...user.ids, ...(runAs.group === undefined ? {} : { gid: runAs.group }) },
      env: [
        `PATH=${usualPath}`,
        `HOME=${user.home}`,
        ...(user.name === '' ? [] : [`USER=${user.name}`]),
        'LANG=C.UTF-8',
        `TZ=${hostZone()}`,
        ...(config.env ?? []),
      ],
      cwd: config.workingDir || '/',
      entrypoint: config.entrypoint ?? [],
      cmd: config.cmd ?? [],
      hasShell: layers.hasFile('/bin/sh'),
    };
  }
}

function userOf(wanted: string, databases: Parameters<typeof imageUser>[1]): ImageUser {
  try {
    return imageUser(wanted, databases);
  } catch (error) {
    throw error instanceof RangeError ? new ConfigError(error.message) : error;
  }
}

/** What an App expects of every base, and this one lacks: a temporary folder, and the user that it runs as. */
function fill(upper: string, layers: LayerStack, user: ImageUser, databases: Parameters<typeof withVcap>[0]): void {
  for (const path of ['/tmp', '/var/tmp']) {
    if (layers.hasFolder(path)) continue;
    mkdirSync(join(upper, path), { recursive: true });
    chmodSync(join(upper, path), 0o1777);
  }
  if (user.name !== vcap.name) return;
  const { passwd, group } = withVcap(databases);
  mkdirSync(join(upper, 'etc'), { recursive: true });
  if (passwd !== databases.passwd) writeFileSync(join(upper, 'etc/passwd'), passwd);
  if (group !== databases.group) writeFileSync(join(upper, 'etc/group'), group);
}
