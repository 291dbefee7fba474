/** What builds of Dockerfiles and buildpacks get from this machine: skopeo, our own image storage, the caches of Apps. */

import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BaseImageError,
  type BuildCacheProvider,
  type HowToFetch,
  hereDocumentsSince,
  type ImageLayer,
  type ImageTools,
} from '../build/image/image-tools.ts';
import { isInChroot } from '../node/host/chroot.ts';
import { runCommand } from '../node/host/run-command.ts';
import type { ContainerStorage } from '../node/images/container-storage.ts';
import { builderStackRef, digestHex, ImageNotFound, imageRef } from '../node/images/image.ts';
import type { HadImage, NodeImages } from '../node/images/node-images.ts';
import { BadLayoutError, checkLayout } from '../node/images/oci-layout.ts';
import { PullError, pullErrorOf } from '../node/images/pull-error.ts';
import { ImageToolsMissing } from '../node/images/skopeo.ts';
import { findProgram } from '../node/runtime/find-programs.ts';

export interface ImageToolsOptions {
  readonly storage: ContainerStorage;
  /** Where the images come from that builds start with. */
  readonly images: NodeImages;
  readonly caches: BuildCacheProvider;
  /** Path of the OCI runtime. */
  readonly runtime: string;
}

/** Programs that a build runs inside of its sandbox, by Debian package. */
const programs = ['buildah', 'skopeo'];

/** Empty files of the size of those blobs, which take no room. */
async function placeholders(layout: string, layers: readonly ImageLayer[]): Promise<void> {
  const folder = join(layout, 'blobs/sha256');
  await mkdir(folder, { recursive: true });
  for (const { digest, bytes } of layers) {
    const file = join(folder, digestHex(digest));
    await writeFile(file, '');
    await truncate(file, bytes);
  }
}

export function createImageTools({ storage, images, caches, runtime }: ImageToolsOptions): ImageTools {
  const had = async (ref: string, { credentials, anew, onProgress, onTrouble }: HowToFetch): Promise<HadImage> => {
    try {
      return await images.have(ref, {
        onProgress,
        onTrouble,
        ...(credentials === undefined ? {} : { credentials }),
        ...(anew ? { policy: 'Always' } : {}),
      });
    } catch (error) {
      if (!(error instanceof PullError || error instanceof ImageNotFound)) throw error;
      throw new BaseImageError(`image ${ref}: ${error.message}`);
    }
  };
  return {
    stack: builderStackRef,
    runtime,
    caches,
    async lack({ inSandbox }) {
      const missing = (inSandbox ? programs : ['skopeo']).filter((name) => findProgram(name) === undefined);
      if (missing.length > 0) return new ImageToolsMissing(missing).message;
      if (!inSandbox) return undefined;
      const most = await readFile('/proc/sys/user/max_user_namespaces', 'utf8').catch(() => '0');
      if (Number(most) === 0)
        return 'this kernel gives no user namespaces, in which Dockerfiles are built: sysctl user.max_user_namespaces=10000';
      if (await isInChroot().catch(() => false))
        return 'the server runs in a chroot, where the kernel gives no user namespaces, in which Dockerfiles are built: start the server outside of it';
      return runtime.startsWith('/usr/') ? undefined : `${runtime} lies outside of /usr, which is all that builds see`;
    },
    async knowsHereDocuments() {
      const version = /version (\d+)\.(\d+)/.exec(await runCommand('buildah', ['--version']));
      const [major, minor] = hereDocumentsSince.split('.').map(Number);
      return Number(version?.[1]) > major! || (Number(version?.[1]) === major && Number(version?.[2]) >= minor!);
    },
    async provide(ref, folder, how, without = new Set()) {
      const { image } = await had(ref, how);
      // What is in a layout already is not written again.
      await placeholders(
        folder,
        image.layers.filter(({ digest }) => without.has(digest)),
      );
      const to = ['--dest-oci-accept-uncompressed-layers', `oci:${folder}:latest`];
      await storage.skopeo(['copy', '--quiet', `containers-storage:@${image.id}`, ...to]);
    },
    async inspect(ref, how) {
      const { ref: named, image } = await had(ref, how);
      const text = await storage.skopeo(['inspect', '--config', `containers-storage:@${image.id}`]);
      const { config } = JSON.parse(text) as { config?: { Env?: string[]; Labels?: Record<string, string> } };
      return { ref: named, env: config?.Env ?? [], labels: config?.Labels ?? {}, layers: image.layers };
    },
    layersOf: (repository) =>
      storage
        .list()
        .filter(
          ({ id, names }) => storage.isKept(id) && names.some((name) => name.startsWith(`kf.local/${repository}:`)),
        )
        .flatMap(({ layers }) => layers),
    async take(folder, { repository, holder }) {
      const name = `kf.local/${repository}:${holder}`;
      try {
        await checkLayout(folder);
        // Whatever the one image in it is called.
        await storage.skopeo(['copy', '--quiet', `oci:${folder}`, `containers-storage:${name}`]);
      } catch (error) {
        if (error instanceof BadLayoutError) throw new BaseImageError(`what was built is no image: ${error.message}`);
        const { kind, said } = pullErrorOf(error);
        if (kind === 'passing') throw new Error(said);
        throw new BaseImageError(`what was built is no image: ${said}`);
      }
      const { id } = await storage.keep(name);
      return imageRef(repository, `sha256:${id}`);
    },
  };
}
