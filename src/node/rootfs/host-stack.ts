/**
 * The stack `host`: the machine's own programs, read-only, under an unprivileged user. The skeleton is the root;
 * /usr is bound into it, the app's layers become an overlay at /home/vcap, all by the OCI runtime itself.
 */

import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../client/clock.ts';
import { ConfigError } from '../pods/plan/config-error.ts';
import type { OciMount } from '../runtime/oci.ts';
import { initPath } from '../runtime/oci-spec.ts';
import { type HostPath, hiddenUsr, mountsBelowUsr, nodeBin, nodeOutsideUsr, readMountinfo } from './host-files.ts';
import { LayerStack } from './layer-stack.ts';
import { emptyFolder, overlay, podFiles, readOnlyBind, writableBind } from './mounts.ts';
import type { Rootfs, RootfsProvider, RootfsRequest } from './rootfs.ts';
import { ensureSkeleton, sweepSkeletons, vcap } from './skeleton.ts';
import { hostZone, usualPath } from './usual-environment.ts';

export interface HostStackOptions {
  /** Holds the skeletons. */
  readonly directory: string;
  readonly clock: Clock;
  /** Further read-only directories of the host, shown at the same path. */
  readonly paths?: readonly string[];
  /** Default: the Node.js that runs this process. */
  readonly execPath?: string;
}

/** Milliseconds for which the host's /etc is taken to be unchanged. */
const skeletonLife = 2000;

export class HostStack implements RootfsProvider {
  readonly #options: HostStackOptions;
  readonly #hostPaths: readonly HostPath[];
  readonly #path: string;
  #skeleton: { readonly path: Promise<string>; readonly until: number } | undefined;
  #usrMounts: readonly OciMount[] | undefined;

  constructor(options: HostStackOptions) {
    this.#options = options;
    const node = nodeOutsideUsr(options.execPath ?? process.execPath);
    this.#hostPaths = [...node, ...(options.paths ?? []).map((path) => ({ source: path, destination: path }))];
    this.#path = node.length === 0 ? usualPath : `${nodeBin}:${usualPath}`;
  }

  /** The search path of its processes, by folder. */
  get path(): readonly string[] {
    return this.#path.split(':');
  }

  /** The root that containers started now get. */
  skeleton(): Promise<string> {
    const now = this.#options.clock.now();
    if (this.#skeleton === undefined || this.#skeleton.until < now) {
      const path = ensureSkeleton({
        directory: this.#options.directory,
        initName: initPath.slice(1),
        hostPaths: this.#hostPaths,
      });
      path.catch(() => {
        this.#skeleton = undefined;
      });
      this.#skeleton = { path, until: now + skeletonLife };
    }
    return this.#skeleton.path;
  }

  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    await sweepSkeletons(this.#options.directory, new Set([...inUse, await this.skeleton()]));
  }

  async prepare({ image, diskDir, files, runAs, mountPoints }: RootfsRequest): Promise<Rootfs> {
    if (runAs.user === 0 || runAs.group === 0)
      throw new ConfigError('the host stack runs as vcap (uid and gid 2000), never as root or its group');
    const skeleton = await this.skeleton();
    const { config } = image.manifest;
    const lower = homeLayers(image.layerPaths, skeleton);
    const layers = new LayerStack(lower);
    return {
      ...rootOf(skeleton, diskDir, mountPoints),
      readonly: true,
      mounts: [...this.fromHost(), ...podFiles(files), ...writable(diskDir, lower)],
      written: {
        destination: vcap.home,
        upper: join(diskDir, 'upper'),
        below: (path) => layers.stats(path.slice(vcap.home.length)),
      },
      user: { uid: runAs.user ?? vcap.uid, gid: runAs.group ?? vcap.gid },
      env: [...this.environment(), ...(config.env ?? [])],
      cwd: config.workingDir ?? `${vcap.home}/app`,
      entrypoint: config.entrypoint ?? [],
      cmd: config.cmd ?? [],
      hasShell: true,
    };
  }

  /** `NAME=value` of every process on this stack. */
  environment(): readonly string[] {
    return [`PATH=${this.#path}`, `HOME=${vcap.home}`, `USER=${vcap.name}`, 'LANG=C.UTF-8', `TZ=${hostZone()}`];
  }

  /** The machine's own programs as mounts. */
  fromHost(): readonly OciMount[] {
    this.#usrMounts ??= [
      readOnlyBind('/usr', '/usr'),
      ...mountsBelowUsr(readMountinfo()).map((path) => readOnlyBind(path, path)),
      ...hiddenUsr.filter((path) => existsSync(path)).map(emptyFolder),
      ...this.#hostPaths.map(({ source, destination }) => readOnlyBind(source, destination)),
    ];
    return this.#usrMounts;
  }
}

/** Lower folders of /home/vcap, topmost first, as overlayfs wants them. */
const homeLayers = (layers: readonly string[], skeleton: string): readonly string[] => [
  ...layers
    .map((layer) => join(layer, vcap.home))
    .filter((home) => existsSync(home))
    .reverse(),
  join(skeleton, vcap.home),
];

/** /home/vcap, /tmp and /var/tmp: the only places that can be written to, all on the Pod's disk. */
function writable(diskDir: string, lower: readonly string[]): readonly OciMount[] {
  const [upper, work, tmp, varTmp] = ['upper', 'work', 'tmp', 'vartmp'].map((name) => join(diskDir, name));
  for (const folder of [upper!, work!, tmp!, varTmp!]) mkdirSync(folder, { recursive: true });
  // The overlay's own folder takes owner and mode from the upper one.
  chownSync(upper!, vcap.uid, vcap.gid);
  chmodSync(upper!, 0o755);
  for (const folder of [tmp!, varTmp!]) chmodSync(folder, 0o1777);
  return [
    overlay(vcap.home, { lower, upper: upper!, work: work! }),
    writableBind(tmp!, '/tmp'),
    writableBind(varTmp!, '/var/tmp'),
  ];
}

/** Below these everything that a mount needs is made on the Pod's own disk. */
const ownFolders = [vcap.home, '/tmp', '/var/tmp', '/dev/shm'];

/**
 * Mount points elsewhere would be made in the skeleton, which all containers share: there an overlay takes them. It lies
 * over an empty folder, not over the skeleton: that is below /home/vcap, too, and overlays nest only twice.
 */
function rootOf(skeleton: string, diskDir: string, mountPoints: readonly string[]): Pick<Rootfs, 'path' | 'overlay'> {
  const isOwn = (path: string): boolean =>
    ownFolders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  if (mountPoints.every(isOwn)) return { path: skeleton };
  const [root, upper, work] = ['root', 'root-upper', 'root-work'].map((name) => join(diskDir, name));
  for (const folder of [root!, upper!, work!]) mkdirSync(folder, { recursive: true });
  chmodSync(upper!, 0o755);
  return { path: root!, overlay: overlay('/', { lower: [skeleton], upper: upper!, work: work! }) };
}
