/** Images, their layers and source packages as part of what can be removed: all that no object names. */

import type { RunCommand } from '../../node/host/run-command.ts';
import type { Layout } from '../../node/layout.ts';
import type { Collector } from './collector.ts';
import { sizesOf } from './du.ts';
import type { Shrinkable } from './shrinkable.ts';
import { removeUnused, type StoredImagesOptions } from './stored-images.ts';

export interface ShrinkableImagesOptions {
  readonly collector: Collector;
  readonly layout: Pick<Layout, 'data' | 'images' | 'layers' | 'storage'>;
  readonly run: RunCommand;
}

export function shrinkableImages({ collector, layout, run }: ShrinkableImagesOptions): Shrinkable {
  const folders = [layout.images, layout.layers, layout.storage, `${layout.data}/sources`];
  const size = async (): Promise<number> =>
    [...(await sizesOf(run, folders)).values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    name: 'images',
    async shrink() {
      const before = await size();
      await collector.now();
      return Math.max(0, before - (await size()));
    },
  };
}

/** Images of registries and Dockerfiles: those that were not used for the longest time go first. */
export function shrinkableStorage(options: StoredImagesOptions, run: RunCommand): Shrinkable {
  const { graphRoot } = options.storage.folders;
  const size = async (): Promise<number> => (await sizesOf(run, [graphRoot])).get(graphRoot) ?? 0;
  return {
    name: 'image storage',
    async shrink(bytes) {
      const before = await size();
      await removeUnused(options, { bytes });
      return Math.max(0, before - (await size()));
    },
  };
}
