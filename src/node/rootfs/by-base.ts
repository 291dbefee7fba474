/** Chooses how an image's root is made, by what lies below its layers. */

import { hostBase, type Image, scratchBase } from '../images/image.ts';
import { ConfigError } from '../pods/config-error.ts';
import { LayeredRoot } from './layered-root.ts';
import type { RootfsProvider } from './rootfs.ts';

/** @throws ConfigError for an image on a base that is not known */
export function rootfsByBase(hostStack: RootfsProvider): (image: Image) => RootfsProvider {
  const layered = new LayeredRoot();
  return ({ ref, manifest: { base } }) => {
    if (base === hostBase) return hostStack;
    if (base === scratchBase) return layered;
    throw new ConfigError(`image ${ref} stands on the base "${base}", which is not known`);
  };
}
