/** What this machine offers to builds of Dockerfiles and buildpacks: programs, image storage, caches; wired by embedded.ts. */

/** Each App's working disk, with the layers of earlier builds. */
export interface BuildCacheProvider {
  /**
   * Its folder, for this user alone until closed. Idempotent.
   * @param owner uid of a new folder. Default: root of the user namespace that builds run in
   * @throws DiskReserveError, DiskTooSmallError
   */
  open(name: string, user: string, owner?: number): Promise<string>;
  /** All that the user has, also from before a restart. Idempotent. */
  close(user: string): Promise<void>;
}

import type { FetchListener } from './fetch-progress.ts';

export interface HowToFetch extends FetchListener {
  readonly signal: AbortSignal;
  /** Text of a `.dockerconfigjson`. */
  readonly credentials?: string;
  /** Whether a tag is asked for anew. */
  readonly anew?: boolean;
}

export interface ImageLayer {
  /** `sha256:…` of its archive, uncompressed. */
  readonly digest: string;
  /** Of that archive. */
  readonly bytes: number;
}

export interface ImageFacts {
  /** Names it by its content. */
  readonly ref: string;
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
}

/** buildah's first version that knows here-documents in Dockerfiles. */
export const hereDocumentsSince = '1.35';

export interface ImageTools {
  /** Image reference of the stack that builds run on. */
  readonly stack: string;
  /** Path of the OCI runtime. */
  readonly runtime: string;
  readonly caches: BuildCacheProvider;
  /** What this machine lacks for a way to build, in one line with the way out; undefined: nothing. */
  lack(method: { readonly inSandbox: boolean }): Promise<string | undefined>;
  /** Whether buildah knows here-documents. */
  knowsHereDocuments(): Promise<boolean>;
  /**
   * Writes an image as an OCI image layout, which has the one image `latest`; fetches it where it is not here.
   * @param folder does not exist yet
   * @param without digests of layers in whose place it gets empty files of their size: whoever reads it has them
   * @throws BaseImageError
   */
  provide(ref: string, folder: string, how: HowToFetch, without?: ReadonlySet<string>): Promise<void>;
  /** Fetches an image, and says what it is. @throws BaseImageError */
  inspect(ref: string, how: HowToFetch): Promise<ImageFacts>;
  /** Layers of the images that are kept for an App. @param repository `space/app` */
  layersOf(repository: string): readonly ImageLayer[];
  /**
   * Takes an image over from an OCI image layout, durably; nobody writes to it any more. It stays for as
   * long as the Build goes on (embedded/stored-images.ts).
   * Layers that are here already may be empty files of their size there.
   * @returns its reference
   * @throws BaseImageError when it is none
   */
  take(folder: string, as: { readonly repository: string; readonly holder: string }): Promise<string>;
}

/** An image that a build needs cannot be had, however often one asks; the message says why. */
export class BaseImageError extends Error {
  override readonly name = 'BaseImageError';
}
