/**
 * The root of an image that brings its whole file system (base `scratch`): its layers as one overlay at `/`, written to
 * on the Pod's disk. The layers' folders are the lower ones themselves; the OCI runtime mounts it.
 */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../images/image.ts';
import { opaqueFolders } from '../images/opaque-folders.ts';
import { ConfigError } from '../pods/plan/config-error.ts';
import { type ImageUser, imageUser, withVcap } from './image-user.ts';
import { LayerStack } from './layer-stack.ts';
import { overlay, podFiles } from './mounts.ts';
import type { Rootfs, RootfsProvider, RootfsRequest } from './rootfs.ts';
import { shortPaths } from './short-paths.ts';
import { vcap } from './skeleton.ts';
import { hostZone, usualPath } from './usual-environment.ts';

/** What is read of an image's layers, once: they never change. */
interface Known {
  readonly layers: LayerStack;
  readonly databases: { readonly passwd: string; readonly group: string };
  readonly hasShell: boolean;
  /** Temporary folders that it lacks. */
  readonly lacking: readonly string[];
  /** Topmost first, as overlayfs wants them. */
  readonly lower: readonly string[];
}

/** Images that are known at a time. */
const mostKnown = 100;

export class LayeredRoot implements RootfsProvider {
  readonly #links: string;
  readonly #known = new Map<string, Known>();

  /** @param links a folder for short names of layers, where an image has many */
  constructor(links: string) {
    this.#links = links;
  }

  async prepare({ image, diskDir, files, runAs }: RootfsRequest): Promise<Rootfs> {
    const { config } = image.manifest;
    if (image.layerPaths.length === 0) throw new ConfigError(`image ${image.ref} has no files`);
    const { layers, databases, hasShell, lacking, lower } = this.#know(image);
    const user = userOf(runAs.user === undefined ? (config.user ?? '') : String(runAs.user), databases);
    const folders = { upper: join(diskDir, 'upper'), work: join(diskDir, 'work') };
    const root = join(diskDir, 'root');
    for (const folder of [folders.upper, folders.work, root]) mkdirSync(folder, { recursive: true });
    chmodSync(folders.upper, 0o755);
    fill(folders.upper, lacking, user, databases);
    return {
      path: root,
      overlay: overlay('/', { ...folders, lower }),
      readonly: false,
      mounts: podFiles(files),
      written: { destination: '/', upper: folders.upper, below: (path) => layers.stats(path) },
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
      hasShell,
      hasFile: (path) => layers.hasFile(path),
    };
  }

  #know({ digest, layerPaths }: Image): Known {
    let known = this.#known.get(digest);
    if (known === undefined) {
      const topmostFirst = layerPaths.toReversed();
      const layers = new LayerStack(topmostFirst, opaqueFolders);
      known = {
        layers,
        databases: { passwd: layers.readText('/etc/passwd') ?? '', group: layers.readText('/etc/group') ?? '' },
        hasShell: layers.hasFile('/bin/sh'),
        lacking: ['/tmp', '/var/tmp'].filter((path) => !layers.hasFolder(path)),
        lower: shortPaths(topmostFirst, this.#links),
      };
      const [oldest] = this.#known.keys();
      if (this.#known.size >= mostKnown) this.#known.delete(oldest!);
      this.#known.set(digest, known);
    }
    return known;
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
function fill(
  upper: string,
  lacking: readonly string[],
  user: ImageUser,
  databases: Parameters<typeof withVcap>[0],
): void {
  for (const path of lacking) {
    mkdirSync(join(upper, path), { recursive: true });
    chmodSync(join(upper, path), 0o1777);
  }
  if (user.name !== vcap.name) return;
  const { passwd, group } = withVcap(databases);
  mkdirSync(join(upper, 'etc'), { recursive: true });
  if (passwd !== databases.passwd) writeFileSync(join(upper, 'etc/passwd'), passwd);
  if (group !== databases.group) writeFileSync(join(upper, 'etc/group'), group);
}
