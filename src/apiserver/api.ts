/**
 * The heart of the API server, apart from HTTP: what every request ends in. `LocalApi` implements it over the store;
 * the HTTP layer and the in-process Client are thin wrappers around it.
 */

import type {
  AnyKind,
  DeleteOptions,
  ListedMetadata,
  ListOptions,
  ListResult,
  WatchEvent,
  WatchOptions,
} from '../client/client.ts';
import type { KubeObject, ObjectRef } from '../resources/meta.ts';

/** Who asks; recorded on what he makes. */
export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface ApiWriteOptions {
  readonly caller: Caller;
  /** Everything but the storing. */
  readonly dryRun?: boolean;
  /** Unknown fields: refuse, warn, or drop in silence. Default Ignore. */
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  readonly onWarning?: (text: string) => void;
  /** By what name fields are managed. Default: the caller's, without `system:`. */
  readonly fieldManager?: string;
  /**
   * `flushed` (default): the answer comes when the write is on disk. `early`: at once, for what controllers derive
   * and can derive again; it is flushed within 10 ms, and before anything that is written later.
   */
  readonly acknowledge?: 'flushed' | 'early';
}

export type ApiPatch =
  | { readonly type: 'merge' | 'strategic'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly unknown[] };

export interface ApiListOptions extends ListOptions {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

export interface ApiListResult extends ListResult<KubeObject> {
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** A watch event, or a bookmark: a revision up to which everything has been sent. */
export type ApiWatchEvent =
  | WatchEvent<KubeObject>
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd?: boolean };

export interface ApiWatchOptions extends WatchOptions {
  readonly allowBookmarks?: boolean;
  /** WatchList: all existing objects, then a bookmark with initialEventsEnd, then live events. */
  readonly sendInitialEvents?: boolean;
  /** Only events that are on disk already: for clients outside of this process. */
  readonly flushedOnly?: boolean;
}

export interface Api {
  readonly kinds: readonly AnyKind[];
  get(kind: AnyKind, ref: ObjectRef): Promise<KubeObject>;
  list(kind: AnyKind, options?: ApiListOptions): Promise<ApiListResult>;
  listMetadata(kind: AnyKind, options?: ListOptions): Promise<ListResult<ListedMetadata>>;
  create(kind: AnyKind, namespace: string | undefined, body: unknown, options: ApiWriteOptions): Promise<KubeObject>;
  update(
    kind: AnyKind,
    ref: ObjectRef,
    body: unknown,
    options: ApiWriteOptions & { readonly subresource?: 'status' },
  ): Promise<KubeObject>;
  patch(
    kind: AnyKind,
    ref: ObjectRef,
    patch: ApiPatch,
    options: ApiWriteOptions & { readonly subresource?: 'status' },
  ): Promise<KubeObject>;
  /**
   * Server-side apply: makes the object where it is missing.
   * @throws StatusError Conflict where others manage what would change, unless `force` takes it
   */
  apply(
    kind: AnyKind,
    ref: ObjectRef,
    body: unknown,
    options: ApiWriteOptions & { readonly subresource?: 'status'; readonly force?: boolean },
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }>;
  /** The object as it was deleted, or as it now waits for its finalizers or its grace period. */
  delete(
    kind: AnyKind,
    ref: ObjectRef,
    options: ApiWriteOptions & DeleteOptions,
  ): Promise<{ readonly object: KubeObject; readonly gone: boolean }>;
  /** @throws StatusError Expired, before or during the watch */
  watch(kind: AnyKind, options?: ApiWatchOptions): AsyncIterable<ApiWatchEvent>;
  /** Resolves when all that has been written so far is on disk. @throws when the disk refuses */
  barrier(): Promise<void>;
}

/** Takes uploaded source packages: build's source store, wired by embedded.ts. */
export interface SourceSink {
  /**
   * Keeps the bytes under their checksum, durably, or nothing at all.
   * @throws Error with what was expected and what came: `expected N bytes, got M`, `checksum does not match expected`
   */
  receive(
    body: AsyncIterable<Buffer>,
    expected: { readonly size: number; readonly sha256: string },
  ): Promise<{ readonly image: string }>;
  /** Whether a package with this checksum is kept already, so that nothing need be uploaded. */
  has(sha256: string): Promise<boolean>;
}
