/** What the resolver `bundles` asks of whoever has images. */

export interface BundleLayer {
  readonly annotations: Readonly<Record<string, string>>;
  /** As the image has it, compressed or not. */
  read(): Promise<Buffer>;
}

export interface Bundle {
  /** Registry and repository, without tag and digest. */
  readonly uri: string;
  /** `sha256:…` of its manifest. */
  readonly digest: string;
  readonly layers: readonly BundleLayer[];
}

export interface BundleImages {
  /**
   * Has an image here, asking its registry where a tag may have moved, for as long as `use` runs.
   * @param credentials text of a `.dockerconfigjson`
   * @throws ResolverError
   */
  open<T>(image: string, credentials: string | undefined, use: (bundle: Bundle) => Promise<T>): Promise<T>;
}

/** The most that the layers of a bundle may have together, in bytes. */
export const longestBundle = 64 * 2 ** 20;
