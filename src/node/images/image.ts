/** What an image is: layers upon a base, and how its processes start. */

/** The part of an OCI image configuration that containers obey. */
export interface ImageConfig {
  /** `NAME=value`, as in an OCI image. */
  readonly env?: readonly string[];
  readonly workingDir?: string;
  /** `name`, `uid` or `uid:gid`. Default root. */
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
}

export interface ImageManifest {
  readonly schemaVersion: 1;
  /**
   * What lies below the layers: the host stack (`host`), nothing (`scratch`): they are the whole file system, or an image
   * of the storage, by a reference that ends with its digest.
   */
  readonly base: string;
  /** Digests (`sha256:…`), lowest first. */
  readonly layers: readonly string[];
  readonly config: ImageConfig;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Image {
  readonly ref: string;
  /** A reference that ends with its digest, where the other need not. Default: `ref` itself. */
  readonly byDigest?: string;
  /** `sha256:…` of the manifest's canonical JSON; for a built-in stack its name. */
  readonly digest: string;
  readonly manifest: ImageManifest;
  /** Folders of the layers, lowest first. */
  readonly layerPaths: readonly string[];
}

/** The image cannot be had on this machine. */
export class ImageNotFound extends Error {
  override readonly name = 'ImageNotFound';
}

/** Base: this machine's own programs. Layers show at /home/vcap only. */
export const hostBase = 'host';
/** Base: nothing. The lowest layers hold a system, as an image from a registry does. */
export const scratchBase = 'scratch';

/** Base: what builds images, in a user namespace. */
export const builderBase = 'builder';

/** The programs that build images, without any layer. */
export const builderStackRef = 'kf.local/stack/builder';

export const imageRef = (repository: string, digest: string): string => `kf.local/${repository}@${digest}`;

/** The digest that a reference ends with, or undefined for a reference by name only. */
export function digestOf(ref: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(ref)?.[1];
}

/** The part of a digest that is a safe file name: overlayfs takes `:` for a separator. */
export const digestHex = (digest: string): string => {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new RangeError(`not a digest: ${JSON.stringify(digest)}`);
  return hex;
};
