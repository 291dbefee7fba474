/** Wires all that the node has to do with images. */

import { join } from 'node:path';
import { systemClock } from '../client/clock.ts';
import { CommandShells } from '../node/host/command-shells.ts';
import { ContainerStorage } from '../node/images/container-storage.ts';
import { ImagePuller } from '../node/images/image-puller.ts';
import { ImageStore } from '../node/images/image-store.ts';
import { NodeImages } from '../node/images/node-images.ts';
import type { Layout } from '../node/layout.ts';
import type { ImageSettings } from '../resources/image-settings.ts';
import { loadServerConfig } from './server-config.ts';

/** Milliseconds. */
const longestCommand = 4 * 3_600_000;

export interface AllImages {
  /** Images of both stores. */
  readonly all: NodeImages;
  /** Images built on the host stack. */
  readonly store: ImageStore;
  /** Images of registries, archives and Dockerfiles. */
  readonly storage: ContainerStorage;
  /** The administrator's, as they are now. */
  readonly settings: () => Promise<ImageSettings>;
  close(): void;
}

export function createImages(
  layout: Layout,
  { bootId, reserveBytes }: { readonly bootId: string; readonly reserveBytes?: number },
): AllImages {
  // A pull may take long, and must not keep the network's or the disks' programs waiting.
  const shells = new CommandShells({ size: 4, timeout: longestCommand });
  const settings = async (): Promise<ImageSettings> => {
    const now = await loadServerConfig(layout.data);
    return { registries: now['images.registries'], aliases: now['images.aliases'] };
  };
  const store = new ImageStore({ images: layout.images, layers: layout.layers });
  const storage = new ContainerStorage({
    graphRoot: layout.storage,
    runRoot: layout.runStorage,
    configDirectory: join(layout.runStorage, 'config'),
    keptDirectory: layout.images,
    bootId,
    run: shells.run,
    settings,
  });
  const puller = new ImagePuller({
    storage,
    clock: systemClock,
    settings,
    ...(reserveBytes === undefined ? {} : { reserveBytes }),
  });
  return {
    all: new NodeImages({ clock: systemClock, store, storage, puller, settings }),
    store,
    storage,
    settings,
    close() {
      puller.close();
      shells.close();
    },
  };
}
