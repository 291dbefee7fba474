/** One way to make an image out of a source by steps in the sandbox. */

import type { UploadedBuild } from '../builder.ts';
import type { Want } from './base-fetches.ts';
import type { Places, Recipe } from './recipe.ts';

export interface BuildMethod {
  /** Whether buildah builds, in a user namespace. */
  readonly inSandbox: boolean;
  /** Distinguishes the caches of one App. */
  readonly cacheSuffix: string;
  /** Uid of the cache's folder. Default: root of the user namespace that builds run in. */
  readonly cacheOwner?: number;
  /** What has to be had before anything else; more may follow from it. @throws UnbuildableSourceError */
  wants(uploaded: UploadedBuild): Promise<readonly Want[]>;
  /** What more is wanted once it is known what the cache holds. */
  wantsBeside?(uploaded: UploadedBuild, places: Places): Promise<readonly Want[]>;
  /** Makes the cache ready, once all is had and before anything runs. Done once per Build. */
  ready?(uploaded: UploadedBuild, places: Places): Promise<void>;
  /** @throws UnbuildableSourceError */
  recipe(uploaded: UploadedBuild, places: Places): Promise<Recipe>;
  /** Where in the cache the image is left, as an OCI image layout. */
  output(uploaded: UploadedBuild): string;
  /** What the Build's status says beside the image. */
  outcome?(
    uploaded: UploadedBuild,
  ): Promise<{ readonly stack?: { readonly name: string; readonly launcher?: string } }>;
  /** Why a step failed, where its exit code says it. */
  explain?(message: string, uploaded: UploadedBuild): string | undefined;
}
