/** Images that Builds take as they are: the node's. */

import { GivenImageError, type GivenImages } from '../build/image/given-images.ts';
import { ImageNotFound } from '../node/images/image.ts';
import type { NodeImages } from '../node/images/node-images.ts';
import { PullError } from '../node/images/pull-error.ts';
import { ImageToolsMissing } from '../node/images/skopeo.ts';

export const givenImages = (images: NodeImages): GivenImages => ({
  // A tag may have moved since it was pulled.
  pull: (image, options) => told(async () => (await images.have(image, { ...options, policy: 'Always' })).ref),
  load: (source, repository, options) => told(async () => (await images.load(source, repository, options)).ref),
});

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PullError) throw new GivenImageError(error.message, error.reason);
    if (error instanceof ImageNotFound) throw new GivenImageError(error.message, 'ErrImagePull');
    if (error instanceof ImageToolsMissing) throw new GivenImageError(error.message, 'MissingProgram');
    throw error;
  }
}
