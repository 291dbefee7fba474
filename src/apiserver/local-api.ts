/** Kubernetes semantics over the store: what every request to the API server ends in, whoever brings it. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyKind, DeleteOptions, ListedMetadata, ListOptions, ListResult } from '../client/client.ts';
import { type Clock, rfc3339, systemClock } from '../client/clock.ts';
import { LimitRange } from '../resources/core/limit-range.ts';
import { required } from '../resources/field-error.ts';
import { deepFreeze, type JsonObject } from '../resources/json.ts';
import type { KubeObject, ObjectMeta, ObjectRef } from '../resources/meta.ts';
import { randomName } from '../resources/names.ts';
import { alreadyExists, badRequest, invalidObject, notFound, statusError } from '../resources/status.ts';
import { type Entry, flags, hasFlag } from '../store/object-index.ts';
import { kindKeyOf, ObjectStore, type ObjectStoreOptions } from '../store/object-store.ts';
import type {
  Api,
  ApiListOptions,
  ApiListResult,
  ApiPatch,
  ApiWatchEvent,
  ApiWatchOptions,
  ApiWriteOptions,
} from './api.ts';
import { applyTo, followed, sameButTimes, type Writer } from './apply/apply-object.ts';
import { readConfig } from './apply/config.ts';
import { planDeletion } from './deletion.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { hasLimitRanges, underLimitRanges } from './limit-ranger.ts';
import { listStore, listStoreMetadata } from './local-list.ts';
import { watchStore } from './local-watch.ts';
import { patched } from './patched.ts';
import {
  checkName,
  checkPreconditions,
  givenManagedFields,
  metadataOf,
  noNewContent,
  noObjectOf,
  updatePreconditions,
} from './preconditions.ts';
import { decode, prepareCreate, prepareStatus, prepareUpdate } from './prepare.ts';
import { mayGo } from './strategies.ts';

export interface LocalApiOptions extends Omit<ObjectStoreOptions, 'path' | 'kinds' | 'now'> {
  /** Folder of `store.db`; made where it is missing. */
  readonly directory: string;
  readonly kinds: readonly AnyKind[];
  /** Default: the system's. */
  readonly clock?: Clock;
  /** What the server's settings fill in of new objects, before all other defaults. Pure. Default: nothing. */
  readonly fillIn?: <T extends object>(kind: AnyKind, object: T) => T;
  /** What the server's settings refuse beside what the kind does, answered as BadRequest; `old` on update. Default: nothing. */
  readonly admit?: (kind: AnyKind, object: KubeObject, old?: KubeObject) => string | undefined;
  /** Told of what the garbage collector could not do. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

type SubresourceOptions = ApiWriteOptions & { readonly subresource?: 'status' };

/** Namespaces that are there from the start and stay. */
const ownNamespaces = ['default', 'kube-system'];

/** Attempts to find a free name for generateName. */
const nameAttempts = 8;

const serverCaller = { user: 'system:kf', groups: [] };

export class LocalApi implements Api {
  readonly kinds: readonly AnyKind[];
  readonly store: ObjectStore;
  readonly #clock: Clock;
  readonly #fillIn: NonNullable<LocalApiOptions['fillIn']>;
  readonly #admit: LocalApiOptions['admit'];
  readonly #collector: GarbageCollector;
  readonly #namespaceKind: AnyKind | undefined;

  /**
   * Opens the store, makes the first namespaces, and goes on with deletions that a crash interrupted.
   * @throws LockedError, SchemaVersionError
   */
  constructor({
    directory,
    kinds,
    clock = systemClock,
    onError = () => {},
    fillIn,
    admit,
    ...storeOptions
  }: LocalApiOptions) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const now = (): number => clock.now();
    this.store = new ObjectStore({ ...storeOptions, now, kinds, path: join(directory, 'store.db') });
    this.kinds = kinds;
    this.#clock = clock;
    this.#admit = admit;
    this.#fillIn = fillIn ?? ((_kind, object) => object);
    this.#namespaceKind = kinds.find((kind) => kind.group === '' && kind.kind === 'Namespace');
    for (const name of ownNamespaces) this.#ensureNamespace(name);
    this.#collector = this.#makeCollector(onError);
    this.#collector.sweep();
  }

  async get(kind: AnyKind, ref: ObjectRef): Promise<KubeObject> {
    return this.#stored(kind, ref);
  }

  async list(kind: AnyKind, options: ApiListOptions = {}): Promise<ApiListResult> {
    return listStore(this.store, kind, options);
  }

  listMetadata(kind: AnyKind, options: ListOptions = {}): Promise<ListResult<ListedMetadata>> {
    return listStoreMetadata(this.store, kind, options);
  }

  create(kind: AnyKind, namespace: string | undefined, body: unknown, options: ApiWriteOptions): Promise<KubeObject> {
    return this.#write(options, () => {
      const object = this.#created(kind, namespace, body, options);
      return this.#put(
        kind,
        followed(kind, undefined, object, givenManagedFields(body), () => this.#writer(options)),
        options,
      );
    });
  }

  update(kind: AnyKind, ref: ObjectRef, body: unknown, options: SubresourceOptions): Promise<KubeObject> {
    return this.#write(options, () => {
      const stored = this.#stored(kind, ref);
      const metadata = metadataOf(body);
      checkName(metadata.name, ref.name);
      if (kind.scope === 'Namespaced') this.#placeOf(kind, ref.namespace, metadata);
      checkPreconditions(kind, stored, updatePreconditions(kind, ref.name, metadata));
      return this.#follow(kind, stored, body, options);
    });
  }

  patch(kind: AnyKind, ref: ObjectRef, patch: ApiPatch, options: SubresourceOptions): Promise<KubeObject> {
    return this.#write(options, () => {
      const stored = this.#stored(kind, ref);
      const body = patched(kind, stored, patch);
      const metadata = metadataOf(body);
      if (metadata.name !== ref.name || metadata.namespace !== stored.metadata.namespace)
        throw badRequest('the name and the namespace of an object cannot be patched');
      checkPreconditions(kind, stored, { uid: metadata.uid, resourceVersion: metadata.resourceVersion });
      return this.#follow(kind, stored, body, options);
    });
  }

  async apply(
    kind: AnyKind,
    ref: ObjectRef,
    body: unknown,
    options: SubresourceOptions & { readonly force?: boolean },
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }> {
    let created = false;
    const object = await this.#write(options, () => {
      const config = readConfig(kind, body);
      const { metadata } = config;
      checkName(metadata.name, ref.name);
      this.#placeOf(kind, ref.namespace, metadata);
      const entry = this.#find(kind, ref);
      const stored = entry === undefined ? undefined : this.store.read(entry);
      const { force = false } = options;
      const request = { kind, stored, config, writer: this.#writer(options), force };
      if (stored !== undefined) {
        const { uid, resourceVersion } = metadata;
        checkPreconditions(kind, stored, { uid, resourceVersion: resourceVersion || undefined });
        const prepared = (next: unknown): KubeObject => this.#updated(kind, stored, next, options);
        return this.#replace(kind, stored, applyTo({ ...request, prepared }), options);
      }
      if (options.subresource !== undefined) throw notFound(kind, ref.name);
      if (metadata.uid) throw noObjectOf(kind, ref.name, metadata.uid);
      created = true;
      const prepared = (next: JsonObject): KubeObject =>
        this.#created(kind, ref.namespace, { ...next, metadata: { ...config.metadata, name: ref.name } }, options);
      return this.#put(kind, applyTo({ ...request, prepared }), options);
    });
    return { object, created };
  }

  async delete(
    kind: AnyKind,
    ref: ObjectRef,
    options: ApiWriteOptions & DeleteOptions,
  ): Promise<{ readonly object: KubeObject; readonly gone: boolean }> {
    let gone = false;
    const object = await this.#write(options, () => {
      const stored = this.#stored(kind, ref);
      checkPreconditions(kind, stored, options.preconditions ?? {});
      if (isNamespace(kind) && ownNamespaces.includes(ref.name))
        throw statusError('Forbidden', `namespaces "${ref.name}" is forbidden: this namespace may not be deleted`, {
          name: ref.name,
          kind: 'namespaces',
        });
      const result = this.#delete(kind, stored, options, options.dryRun === true);
      gone = result.gone;
      return result.object;
    });
    return { object, gone };
  }

  watch(kind: AnyKind, options: ApiWatchOptions = {}): AsyncIterable<ApiWatchEvent> {
    return watchStore(this.store, kind, options, this.#clock);
  }

  barrier(): Promise<void> {
    return this.store.barrier();
  }

  /** Ends all watches, flushes, and closes the store. @throws StatusError when the disk refuses; closed all the same */
  async close(): Promise<void> {
    this.#collector.stop();
    await this.store.close();
  }

  /** Runs a write in one turn, so that nothing comes between its reading and its storing; then waits for the disk. */
  async #write(options: ApiWriteOptions, write: () => KubeObject): Promise<KubeObject> {
    const flushed = options.acknowledge !== 'early' && options.dryRun !== true;
    const writable = flushed ? this.store.whenWritable() : undefined;
    if (writable !== undefined) await writable;
    const object = write();
    // All up to now, so that what an unchanged object came from is on disk too.
    if (flushed) await this.store.barrier();
    return object;
  }

  #find(kind: AnyKind, { namespace = '', name }: ObjectRef): Entry | undefined {
    return this.store.index.find(kindKeyOf(kind), kind.scope === 'Cluster' ? '' : namespace, name);
  }

  #stored(kind: AnyKind, ref: ObjectRef): KubeObject {
    const entry = this.#find(kind, ref);
    if (entry === undefined) throw notFound(kind, ref.name);
    return this.store.read(entry);
  }

  /** A new object as it is to be stored. */
  #created(kind: AnyKind, namespace: string | undefined, body: unknown, options: ApiWriteOptions): KubeObject {
    const decoded = this.#fillIn(kind, decode(kind, body, options));
    const { metadata } = decoded;
    // As in Kubernetes a dry run takes what was read from the server: so does Tekton check what it has resolved.
    if (!options.dryRun && metadata.resourceVersion !== undefined && metadata.resourceVersion !== '')
      throw badRequest('resourceVersion should not be set on objects to be created');
    const place = this.#placeOf(kind, namespace, metadata);
    const name = this.#nameFor(kind, place, metadata);
    const { user } = options.caller;
    const now = this.#clock.now();
    const prepared = prepareCreate(kind, decoded, { name, namespace: place, now, user });
    this.#checkSettings(kind, prepared);
    const object = hasLimitRanges(kind) ? underLimitRanges(kind, prepared, this.#limitRanges(place)) : prepared;
    if (this.#find(kind, { namespace: place, name }) !== undefined) throw alreadyExists(kind, name);
    this.#requireNamespace(kind, place, name);
    return object;
  }

  #put(kind: AnyKind, object: KubeObject, { dryRun }: { readonly dryRun?: boolean }): KubeObject {
    return dryRun ? deepFreeze(object) : this.store.put(kindKeyOf(kind), object, 0);
  }

  #writer({ fieldManager, caller, subresource }: SubresourceOptions): Writer {
    const name = fieldManager ?? caller.user.replace(/^system:/, '');
    const time = rfc3339(this.#clock.now());
    return subresource === undefined ? { name, time } : { name, time, subresource };
  }

  /** Replaces what is stored, and its managers' fields where it has any. */
  #follow(kind: AnyKind, stored: KubeObject, body: unknown, options: SubresourceOptions): KubeObject {
    const next = this.#updated(kind, stored, body, options);
    const managed = followed(kind, stored, next, givenManagedFields(body), () => this.#writer(options));
    return this.#replace(kind, stored, managed, options);
  }

  #updated(kind: AnyKind, stored: KubeObject, body: unknown, options: SubresourceOptions): KubeObject {
    if (options.subresource === 'status') return prepareStatus(kind, stored, body, options);
    const next = prepareUpdate(kind, stored, decode(kind, body, options), options.caller.user);
    this.#checkSettings(kind, next, stored);
    return next;
  }

  /** @throws StatusError BadRequest */
  #checkSettings(kind: AnyKind, object: KubeObject, old?: KubeObject): void {
    const denial = this.#admit?.(kind, object, old);
    if (denial !== undefined) throw badRequest(denial);
  }

  /** Stores an object in place of another; it goes at once when it waited for this to be deleted. */
  #replace(kind: AnyKind, stored: KubeObject, next: KubeObject, { dryRun }: { readonly dryRun?: boolean }): KubeObject {
    if (sameButTimes(next, stored)) return stored;
    if (dryRun === true) return deepFreeze(next);
    if (mayGo(next)) return this.#remove(kind, stored, next);
    return this.store.put(kindKeyOf(kind), next, revisionOf(stored));
  }

  #remove(kind: AnyKind, stored: KubeObject, final?: KubeObject): KubeObject {
    const { namespace = '', name } = stored.metadata;
    return this.store.remove(kindKeyOf(kind), namespace, name, revisionOf(stored), final);
  }

  #delete(
    kind: AnyKind,
    stored: KubeObject,
    options: DeleteOptions,
    dryRun: boolean,
  ): { readonly object: KubeObject; readonly gone: boolean } {
    const plan = planDeletion(kind, stored, options, this.#clock.now());
    if (plan.type === 'none') return { object: stored, gone: false };
    if (plan.type === 'remove') return { object: dryRun ? stored : this.#remove(kind, stored), gone: true };
    return { object: this.#replace(kind, stored, plan.object, { dryRun }), gone: false };
  }

  /** The namespace that an object is created in. @throws StatusError BadRequest */
  #placeOf(kind: AnyKind, namespace: string | undefined, metadata: Partial<ObjectMeta>): string | undefined {
    if (kind.scope === 'Cluster') {
      if (metadata.namespace) throw badRequest('namespace is not allowed for this type');
      return undefined;
    }
    const place = namespace ?? metadata.namespace;
    if (!place) throw badRequest('an empty namespace may not be set during creation');
    if (metadata.namespace && metadata.namespace !== place)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    return place;
  }

  #nameFor(kind: AnyKind, namespace: string | undefined, { name, generateName }: ObjectMeta): string {
    if (name) return name;
    if (!generateName) throw invalidObject(kind, '', [required('metadata.name', 'name or generateName is required')]);
    for (let attempt = 0; attempt < nameAttempts; attempt++) {
      const candidate = randomName(generateName);
      if (this.#find(kind, { namespace, name: candidate }) === undefined) return candidate;
    }
    throw alreadyExists(kind, generateName);
  }

  /** @throws StatusError NotFound, Forbidden (it is being deleted) */
  #requireNamespace(kind: AnyKind, namespace: string | undefined, name: string): void {
    if (namespace === undefined || this.#namespaceKind === undefined) return;
    const entry = this.#find(this.#namespaceKind, { name: namespace });
    if (entry === undefined) throw notFound(this.#namespaceKind, namespace);
    if (!hasFlag(entry, flags.deleting)) return;
    throw noNewContent(kind, name, namespace);
  }

  /** By name. */
  #limitRanges(namespace: string | undefined): readonly LimitRange[] {
    const entries = [...this.store.index.entries(kindKeyOf(LimitRange), namespace)];
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1)).map((entry) => this.store.read(entry) as LimitRange);
  }

  #ensureNamespace(name: string): void {
    const kind = this.#namespaceKind;
    if (kind === undefined || this.#find(kind, { name }) !== undefined) return;
    const decoded = decode(kind, { metadata: { name } }, {});
    const now = this.#clock.now();
    const object = prepareCreate(kind, decoded, { name, namespace: undefined, now, user: serverCaller.user });
    this.store.put(kindKeyOf(kind), object, 0);
  }

  /** What the garbage collector takes away nobody manages any more. */
  #collected(kind: AnyKind, stored: KubeObject, object: KubeObject): void {
    const writerOf = (): Writer => this.#writer({ caller: serverCaller });
    this.#replace(kind, stored, followed(kind, stored, object, undefined, writerOf), {});
  }

  #makeCollector(onError: (error: unknown) => void): GarbageCollector {
    const byKey = new Map(this.kinds.map((kind) => [kindKeyOf(kind), kind]));
    const kindOf = (entry: Entry): AnyKind => byKey.get(entry.kind) as AnyKind;
    const served = new Set(this.kinds.map((kind) => `${kind.group}/${kind.kind}`));
    return new GarbageCollector(
      this.store,
      {
        serves: ({ apiVersion, kind }) =>
          served.has(`${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}`),
        delete: (entry, options) => void this.#delete(kindOf(entry), this.store.read(entry), options, false),
        replace: (entry, object) => void this.#collected(kindOf(entry), this.store.read(entry), object),
      },
      onError,
    );
  }
}

const isNamespace = (kind: AnyKind): boolean => kind.group === '' && kind.kind === 'Namespace';

const revisionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion);
