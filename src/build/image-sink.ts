/** Where finished builds put their layers and images: the node's image store, wired by embedded.ts. */

export interface NewImage {
  /** `space/app`. */
  readonly repository: string;
  /** Holds the image from before it is there, as `hold` does. */
  readonly holder: string;
  readonly base: string;
  /** Digests (`sha256:…`), lowest first. */
  readonly layers: readonly string[];
  readonly config: {
    readonly env?: readonly string[];
    readonly workingDir?: string;
    readonly user?: string;
    readonly cmd?: readonly string[];
  };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageSink {
  hasLayer(digest: string): boolean;
  /** Takes over a folder, rooted at `/`, as a layer. Its files must be flushed already. */
  addLayer(folder: string, digest: string): Promise<void>;
  put(image: NewImage): Promise<{ readonly ref: string }>;
  /** Keeps layers and images that nothing names yet, until released by the same holder. */
  hold(holder: string, digests: readonly string[]): void;
  release(holder: string): void;
}

/** The host stack, or an image in its place, as builds see it. */
export interface HostStack {
  /** As in `kf stacks`. Default: host */
  readonly name?: string;
  /** What its images stand on: `host`, or a reference by digest. Default: host */
  readonly base?: string;
  /** Further variables of its processes, `NAME=value`. Default: none */
  readonly env?: readonly string[];
  /** Image reference of the bare stack. */
  readonly ref: string;
  /** The search path of its processes, by folder. */
  readonly path: readonly string[];
  /** Names the distribution and the interpreters; another fingerprint means another machine underneath. */
  fingerprint(): Promise<string>;
  /** Versions of the interpreters found, by program name. */
  interpreters(): Promise<Readonly<Record<string, string>>>;
}
