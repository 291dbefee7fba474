/** Reading files of running Tasks and of volumes: what the API server asks of the node; wired by embedded.ts. */

export interface FileQuery {
  /** `Task`: of its running container; `ServiceInstance`: of the volume. */
  readonly kind: 'Task' | 'ServiceInstance';
  readonly namespace: string;
  readonly name: string;
  /** Of a Task: absolute, or relative to where it works; of a volume: from its root. */
  readonly path: string;
  /** The reader has gone. */
  readonly signal?: AbortSignal;
}

export interface FileSource {
  /**
   * A file or folder as a tar whose entries begin with its name (`.` for a volume's root); links stay links.
   * @throws StatusError NotFound, BadRequest before the first byte; Error after the last one, when it is not whole
   */
  read(query: FileQuery): AsyncIterable<Buffer>;
}

/** Trailer of an answer that is not whole: why, percent-encoded. */
export const copyErrorTrailer = 'kf-copy-error';
