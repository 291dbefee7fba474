/** What an administrator says about resolvers (`resolvers.…` in the server's settings). */

export interface ResolverSettings {
  /** Milliseconds from a request to its answer. */
  readonly timeout: number;
  /** Hosts of this machine that may be spoken to, as `HOST` or `HOST:PORT`. */
  readonly hosts: readonly string[];
  /** Namespaces that Tasks and Pipelines may be taken of. Empty: all. */
  readonly namespaces: readonly string[];
  /** Directories whose git repositories may be read. */
  readonly repositories: readonly string[];
  /** Bytes of a file that git writes. */
  readonly gitSize: number;
  readonly artifactHub: string;
  /** Empty: there is none. */
  readonly tektonHub: string;
}
