/** Images whose layers are Tasks and Pipelines: pulled as any other image, read out of the storage as they came. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerStorage } from '../node/images/container-storage.ts';
import { digestOf, ImageNotFound } from '../node/images/image.ts';
import type { HadImage, NodeImages } from '../node/images/node-images.ts';
import { PullError } from '../node/images/pull-error.ts';
import { ImageToolsMissing } from '../node/images/skopeo.ts';
import { parseImageReference } from '../resources/image-reference.ts';
import { type BundleImages, type BundleLayer, longestBundle } from '../tekton/resolvers/bundle-images.ts';
import { ResolverError } from '../tekton/resolvers/resolver.ts';

export interface BundleImagesOptions {
  /** Undefined while the node is not up. */
  readonly parts: () => { readonly images: NodeImages; readonly storage: ContainerStorage } | undefined;
}

interface Manifest {
  readonly layers?: readonly { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }[];
}

export const bundleImages = ({ parts }: BundleImagesOptions): BundleImages => ({
  async open(name, credentials, use) {
    const found = parts();
    if (found === undefined) throw new ResolverError('the node is not up yet, see kf doctor', true);
    const { images, storage } = found;
    const { ref, image } = await had(images, name, credentials);
    const source = `containers-storage:@${image.id}`;
    if (image.layers.reduce((sum, { bytes }) => sum + bytes, 0) > longestBundle)
      throw new ResolverError(`cannot retrieve the oci image: its layers exceed ${longestBundle} bytes`);
    // The next server empties it, should this one be killed.
    const folder = await mkdtemp(join(storage.pulls, 'bundle-'));
    try {
      // The copy's manifest may say other digests, for other compressions, in the same order.
      const told = JSON.parse(await storage.skopeo(['inspect', '--raw', source])) as Manifest;
      await storage.skopeo(['copy', '--quiet', source, `dir:${folder}`]);
      const copied = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
      const layers = (told.layers ?? []).map(
        ({ annotations = {} }, index): BundleLayer => ({
          annotations,
          read: () => readFile(join(folder, (copied.layers?.[index]?.digest ?? '').replace(/^sha256:/, ''))),
        }),
      );
      const { domain, path } = parseImageReference(ref);
      return await use({ uri: `${domain}/${path}`, digest: digestOf(ref) ?? `sha256:${image.id}`, layers });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

/** A tag may have moved since it was pulled. @throws ResolverError */
async function had(images: NodeImages, name: string, credentials: string | undefined): Promise<HadImage> {
  try {
    return await images.have(name, { policy: 'Always', ...(credentials === undefined ? {} : { credentials }) });
  } catch (error) {
    const isOurs = error instanceof PullError || error instanceof ImageNotFound || error instanceof ImageToolsMissing;
    if (!isOurs) throw error;
    const passing = error instanceof PullError && error.kind === 'passing';
    throw new ResolverError(`cannot retrieve the oci image: ${error.message}`, passing);
  }
}
