/** Chooses how an image's root is made, by what lies below its layers. */

import { builderBase, digestOf, hostBase, type Image, scratchBase } from '../images/image.ts';
import { ConfigError } from '../pods/plan/config-error.ts';
import { LayeredRoot } from './layered-root.ts';
import type { RootfsProvider } from './rootfs.ts';

/** Stacks of the machine's own programs. */
export interface MachineStacks {
  readonly host: RootfsProvider;
  /** Builds images. */
  readonly builder: RootfsProvider;
}

export interface Bases extends MachineStacks {
  /** A folder for short names of layers. */
  readonly links: string;
}

/** @throws ConfigError for an image on a base that is not known */
export function rootfsByBase({ host, builder, links }: Bases): (image: Image) => RootfsProvider {
  const layered = new LayeredRoot(links);
  return ({ ref, manifest: { base } }) => {
    if (base === hostBase) return host;
    if (base === builderBase) return builder;
    if (base === scratchBase || digestOf(base) !== undefined) return layered;
    throw new ConfigError(`image ${ref} stands on the base "${base}", which is not known`);
  };
}
