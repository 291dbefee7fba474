/** What a build of an image does, as steps of a TaskRun. */

export interface Recipe {
  /** Folders of this machine, by the name that steps know them by. */
  readonly folders: Readonly<Record<string, string>>;
  readonly steps: readonly RecipeStep[];
}

interface RecipeStep {
  readonly name: string;
  readonly image: string;
  /** Default: the image's own user. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly RecipeMount[];
}

export interface RecipeMount {
  readonly folder: string;
  readonly path: string;
  readonly readOnly?: boolean;
}

/** Where a build's folders are on this machine. */
export interface Places {
  readonly source: string;
  /** Made by the server, read-only inside. */
  readonly bases: string;
  /** Of limited size, kept for the App's next build. */
  readonly cache: string;
}
