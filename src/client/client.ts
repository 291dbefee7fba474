/**
 * The one interface through which controllers, the node agent and the CLI know the world: a Kubernetes API.
 * Two implementations (in-process, HTTP) are held to one shared behaviour test. Objects it returns are frozen;
 * reads may lag behind writes (as a cluster's caches do), so callers must be idempotent and level-triggered.
 */

import type { Kind, ObjectOf } from '../resources/kind.ts';
import type { KubeObject, ObjectMeta, ObjectRef } from '../resources/meta.ts';

// biome-ignore lint/suspicious/noExplicitAny: a Kind is contravariant in its object type, so "any kind" needs it
export type AnyKind = Kind<any>;

export interface ListOptions {
  /** Absent: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string;
  /** Kubernetes grammar: `k=v,k!=v,k in (a,b),k,!k`. */
  readonly labelSelector?: string;
  /** `metadata.name=x` and what the kind allows. */
  readonly fieldSelector?: string;
  /** A hint: finished objects (Kind.finished) are not wanted. A server may return them all the same. */
  readonly unfinishedOnly?: boolean;
  /** A hint: only dependents of the object with this UID are wanted. A server may return others all the same. */
  readonly ownedBy?: string;
  /** Nothing that was written before the call is missing: for the rare decision that a lagging read would get wrong. */
  readonly consistent?: boolean;
}

export interface ListResult<T> {
  readonly items: readonly T[];
  /** Watch from here to see every later change exactly once. */
  readonly resourceVersion: string;
}

/** What a list tells of an object without the object itself. */
export interface ListedMetadata extends Pick<ObjectMeta, 'namespace' | 'name' | 'labels'> {
  readonly uid: string;
  readonly resourceVersion: string;
  /** The later an object was created, the higher; it means nothing else. */
  readonly order: number;
}

export interface WatchOptions extends ListOptions {
  /** Absent or `0`: a synthetic ADDED for every existing match comes first. */
  readonly resourceVersion?: string;
  /** Ends the watch cleanly. */
  readonly signal?: AbortSignal;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface WatchEvent<T> {
  readonly type: WatchEventType;
  readonly object: T;
}

export type Patch =
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly unknown[] };

export interface CreateOptions {
  /** Everything but the storing: what would be stored, with its defaults, or the reason why not. */
  readonly dryRun?: boolean;
}

export interface PatchOptions {
  readonly subresource?: 'status';
}

export interface DeleteOptions {
  /** Background (default): dependents follow; Foreground: they go first; Orphan: they stay. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Pods only; default the Pod's own. 0 kills at once. */
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** What a create needs: the metadata that the server fills in may be absent, `name` too where generateName is given. */
export type Draft<T extends KubeObject> = Omit<T, 'apiVersion' | 'kind' | 'metadata' | 'status'> & {
  readonly metadata: Partial<ObjectMeta>;
  readonly status?: unknown;
};

export interface Client {
  /** @throws StatusError NotFound */
  get<K extends AnyKind>(kind: K, ref: ObjectRef): Promise<ObjectOf<K>>;
  list<K extends AnyKind>(kind: K, options?: ListOptions): Promise<ListResult<ObjectOf<K>>>;
  /** For who need not read the objects: far cheaper where there are many. In no particular order. */
  listMetadata(kind: AnyKind, options?: ListOptions): Promise<ListResult<ListedMetadata>>;
  /** @throws StatusError AlreadyExists, Invalid, NotFound (namespace) */
  create<K extends AnyKind>(kind: K, object: Draft<ObjectOf<K>>, options?: CreateOptions): Promise<ObjectOf<K>>;
  /** Replaces all but the status; metadata.resourceVersion is the precondition. @throws StatusError Conflict, Invalid */
  update<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>>;
  /** Replaces the status only. @throws StatusError Conflict, Invalid */
  updateStatus<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>>;
  patch<K extends AnyKind>(kind: K, ref: ObjectRef, patch: Patch, options?: PatchOptions): Promise<ObjectOf<K>>;
  /** @throws StatusError NotFound, Conflict (preconditions) */
  delete(kind: AnyKind, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /**
   * Ends (returns) when the connection ends or the signal fires; the caller lists and watches again.
   * @throws StatusError Expired when the revision is compacted
   */
  watch<K extends AnyKind>(kind: K, options?: WatchOptions): AsyncIterable<WatchEvent<ObjectOf<K>>>;
}
