/** What the CLI needs of a server; HttpClient has it, tests bring their own. */

import type { AnyKind, Client, ListOptions } from '../client/client.ts';
import type { HttpClient, LogOptions, Table } from '../client/http/http-client.ts';
import type { ObjectRef } from '../resources/meta.ts';

export type { LogOptions, Table };

/** Which objects have a log of their own. */
export type LogReader = (ref: ObjectRef, options?: LogOptions) => AsyncIterable<Buffer>;

export interface KfClient extends Client {
  /** URL of the server, without a slash at the end. */
  readonly url: string;
  taskLog: LogReader;
  buildLog: LogReader;
  runLog: HttpClient['runLog'];
  files: HttpClient['files'];
  table(kind: AnyKind, options?: ListOptions): Promise<Table>;
  /** @throws StatusError Invalid when the bytes are not what the SourcePackage announces */
  upload: HttpClient['upload'];
  /** Whether the server keeps a source with this checksum already. */
  hasSource(sha256: string): Promise<boolean>;
  uploadExisting(ref: ObjectRef): Promise<void>;
  version: HttpClient['version'];
  disk: HttpClient['disk'];
  pruneDisk: HttpClient['pruneDisk'];
  close(): void;
}
