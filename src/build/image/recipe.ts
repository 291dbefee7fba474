/** What a build of an image does, as steps of a TaskRun. */

export interface Recipe {
  /** Images that have to be here before, by their names. They are shown as OCI layouts: `/bases/0`, `/bases/1` … */
  readonly bases: readonly string[];
  readonly steps: readonly RecipeStep[];
}

export interface RecipeStep {
  readonly name: string;
  /** Default: the stack that builds run on. */
  readonly image?: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
