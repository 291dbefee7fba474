/** Where images come from that are taken as they are; the node's images, wired by embedded.ts. */

import type { FetchListener } from './fetch-progress.ts';

export interface GivenImageOptions extends FetchListener {
  /** Text of a `.dockerconfigjson`. */
  readonly credentials?: string;
}

export interface GivenImages {
  /** What the registry has under this name now. @returns a reference by digest. @throws GivenImageError */
  pull(image: string, options: GivenImageOptions): Promise<string>;
  /**
   * Out of files that were uploaded.
   * @param source as skopeo names it: `oci:FOLDER`, `oci-archive:FILE`, `docker-archive:FILE:NAME`
   * @param repository `space/app`
   * @returns a reference by digest. @throws GivenImageError
   */
  load(source: string, repository: string, options: GivenImageOptions): Promise<string>;
}

/** The image cannot be had; the message says why. */
export class GivenImageError extends Error {
  override readonly name = 'GivenImageError';
  constructor(
    message: string,
    /** Of the Build. */
    readonly reason: 'ErrImagePull' | 'InvalidImageName' | 'MissingProgram',
  ) {
    super(message);
  }
}
