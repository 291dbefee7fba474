/** The Client over HTTPS, and what only a server offers: logs, tables, uploads. */

import type { IncomingMessage } from 'node:http';
import { deepFreeze } from '../../resources/json.ts';
import type { ObjectOf } from '../../resources/kind.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import type { KubeObject, ObjectRef } from '../../resources/meta.ts';
import { refOf } from '../../resources/meta.ts';
import { isNotFound, type Status, StatusError } from '../../resources/status.ts';
import type {
  AnyKind,
  Client,
  CreateOptions,
  DeleteOptions,
  Draft,
  ListedMetadata,
  ListOptions,
  ListResult,
  Patch,
  PatchOptions,
  WatchEvent,
  WatchOptions,
} from '../client.ts';
import { type DiskReport, diskPath, type PruneReport } from '../disk.ts';
import { copyErrorTrailer } from '../files.ts';
import { listedMetadata } from '../listed-metadata.ts';
import { Connection } from './connection.ts';
import type { ConnectionConfig } from './kubeconfig.ts';
import { linesOf } from './lines.ts';
import { collectionPath, objectPath, queryOf } from './paths.ts';

export interface LogOptions {
  /** Default: the only one (Pods), every one in order (Tasks, Builds). */
  readonly container?: string;
  /** Until nothing more can come. */
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly sinceSeconds?: number;
  /** Of a Task: only this attempt, from 1; one that is still to come is waited for with `follow`. Default: all. */
  readonly attempt?: number;
  /** Default: both. */
  readonly stream?: 'stdout' | 'stderr';
  readonly signal?: AbortSignal;
}

/** A server-side table, as `kubectl get` shows it. */
export interface Table {
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    readonly format?: string;
    readonly description?: string;
    /** 1: with `-o wide` only. */
    readonly priority: number;
  }[];
  readonly rows: readonly {
    readonly cells: readonly (string | number | boolean | null)[];
    /** The object's metadata. */
    readonly object: Pick<KubeObject, 'metadata'>;
  }[];
}

/** version.Info of Kubernetes. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly platform: string;
}

const json = 'application/json';
const jsonBody = (value: unknown, type = json) => ({ type, content: JSON.stringify(value) });

const selectors = ({ labelSelector, fieldSelector, unfinishedOnly }: ListOptions) => ({
  labelSelector,
  fieldSelector,
  unfinishedOnly,
});

export class HttpClient implements Client {
  /** URL of the server, without a slash at the end. */
  readonly url: string;
  readonly #connection: Connection;

  /** @param userAgent names the program in the server's records; default `kf` */
  constructor(config: ConnectionConfig, userAgent?: string) {
    this.url = config.server.replace(/\/+$/, '');
    this.#connection = new Connection(config, userAgent);
  }

  async get<K extends AnyKind>(kind: K, ref: ObjectRef): Promise<ObjectOf<K>> {
    return this.#object({ method: 'GET', path: objectPath(kind, ref) });
  }

  async list<K extends AnyKind>(kind: K, options: ListOptions = {}): Promise<ListResult<ObjectOf<K>>> {
    const path = collectionPath(kind, options.namespace) + queryOf(selectors(options));
    const list = await this.#connection.json<{
      readonly items?: readonly ObjectOf<K>[];
      readonly metadata: { readonly resourceVersion: string };
    }>({ method: 'GET', path });
    // Kubernetes leaves these out of the items of its own kinds' lists.
    const common = { apiVersion: apiVersionOf(kind), kind: kind.kind };
    const items = (list.items ?? []).map((item) => ({ ...common, ...item }));
    return deepFreeze({ items, resourceVersion: list.metadata.resourceVersion });
  }

  async listMetadata(kind: AnyKind, options: ListOptions = {}): Promise<ListResult<ListedMetadata>> {
    const path = collectionPath(kind, options.namespace) + queryOf(selectors(options));
    const accept = `${json};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
    const list = await this.#connection.json<{
      readonly items?: readonly Pick<KubeObject, 'metadata'>[];
      readonly metadata: { readonly resourceVersion: string };
    }>({ method: 'GET', path, accept });
    const items = (list.items ?? []).map(listedMetadata);
    return deepFreeze({ items, resourceVersion: list.metadata.resourceVersion });
  }

  async create<K extends AnyKind>(
    kind: K,
    object: Draft<ObjectOf<K>>,
    { dryRun }: CreateOptions = {},
  ): Promise<ObjectOf<K>> {
    const body = jsonBody({ apiVersion: apiVersionOf(kind), kind: kind.kind, ...object });
    const query = queryOf({ dryRun: dryRun === true ? 'All' : undefined });
    return this.#object({ method: 'POST', path: collectionPath(kind, object.metadata.namespace) + query, body });
  }

  async update<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#object({ method: 'PUT', path: objectPath(kind, refOf(object)), body: jsonBody(object) });
  }

  async updateStatus<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#object({ method: 'PUT', path: objectPath(kind, refOf(object), 'status'), body: jsonBody(object) });
  }

  async patch<K extends AnyKind>(
    kind: K,
    ref: ObjectRef,
    { type, body }: Patch,
    { subresource }: PatchOptions = {},
  ): Promise<ObjectOf<K>> {
    const path = objectPath(kind, ref, subresource);
    return this.#object({ method: 'PATCH', path, body: jsonBody(body, `application/${type}-patch+json`) });
  }

  async delete(kind: AnyKind, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const body = jsonBody({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', ...options });
    await this.#connection.json({ method: 'DELETE', path: objectPath(kind, ref), body });
  }

  async *watch<K extends AnyKind>(kind: K, options: WatchOptions = {}): AsyncIterable<WatchEvent<ObjectOf<K>>> {
    const { namespace, resourceVersion, signal } = options;
    if (signal?.aborted) return;
    const query = queryOf({ watch: true, resourceVersion, ...selectors(options) });
    const response = await this.#open(collectionPath(kind, namespace) + query, signal);
    if (response === undefined) return;
    try {
      for await (const line of linesOf(response)) {
        if (line === '') continue;
        const event = JSON.parse(line) as
          | WatchEvent<ObjectOf<K>>
          | { type: 'ERROR'; object: Status }
          | { type: 'BOOKMARK' };
        if (event.type === 'ERROR') throw new StatusError(event.object);
        if (event.type !== 'BOOKMARK') yield deepFreeze(event);
      }
    } catch (error) {
      // A connection that breaks ends the watch; half an event at its end does not count.
      if (error instanceof StatusError) throw error;
    } finally {
      response.destroy();
    }
  }

  /** Output of a Pod's container. */
  podLog(ref: ObjectRef, options?: LogOptions): AsyncIterable<Buffer> {
    return this.#log(`/api/v1/namespaces/${ref.namespace}/pods/${ref.name}/log`, options);
  }

  /** Output of a Task; outlives its Pod. */
  taskLog(ref: ObjectRef, options?: LogOptions): AsyncIterable<Buffer> {
    return this.#log(`/apis/kf.dev/v1alpha1/namespaces/${ref.namespace}/tasks/${ref.name}/log`, options);
  }

  /** Output of a Tekton run, of all its Pods; outlives them. The embedded server's own. */
  runLog(kind: AnyKind, ref: ObjectRef, options?: LogOptions): AsyncIterable<Buffer> {
    return this.#log(objectPath(kind, ref, 'log'), options);
  }

  /** Output of a Build. */
  buildLog(ref: ObjectRef, options?: LogOptions): AsyncIterable<Buffer> {
    return this.#log(`/apis/kf.dev/v1alpha1/namespaces/${ref.namespace}/builds/${ref.name}/log`, options);
  }

  /**
   * A file or folder of a running Task, or of a volume, as a tar; see FileSource.
   * @throws StatusError NotFound, BadRequest; Error when it is not whole
   */
  async *files(kind: 'tasks' | 'serviceinstances', ref: ObjectRef, path: string): AsyncIterable<Buffer> {
    const base = `/apis/kf.dev/v1alpha1/namespaces/${ref.namespace}/${kind}/${ref.name}/files`;
    const response = await this.#connection.stream({ method: 'GET', path: base + queryOf({ path }), accept: '*/*' });
    try {
      yield* response as AsyncIterable<Buffer>;
    } catch (error) {
      throw this.#connection.broken(error);
    } finally {
      response.destroy();
    }
    const failure = response.trailers[copyErrorTrailer];
    if (failure !== undefined) throw new Error(decodeURIComponent(failure));
  }

  /** What `kubectl get` would print, cells rendered by the server. */
  async table(kind: AnyKind, options: ListOptions = {}): Promise<Table> {
    const path = collectionPath(kind, options.namespace) + queryOf(selectors(options));
    return this.#connection.json({ method: 'GET', path, accept: `${json};as=Table;v=v1;g=meta.k8s.io` });
  }

  /**
   * Uploads the tar of a SourcePackage that has just been created.
   * @param length bytes
   * @throws StatusError Invalid when size or checksum are not what the package announces
   */
  async upload(ref: ObjectRef, content: AsyncIterable<Buffer>, length: number): Promise<void> {
    await this.#connection.json({ method: 'POST', path: uploadPath(ref), body: { content, length } });
  }

  /** Whether the server keeps a source package with this checksum; then `uploadExisting` does for an upload. */
  async hasSource(sha256: string): Promise<boolean> {
    try {
      await this.#connection.json({ method: 'GET', path: `/apis/upload.kf.dev/v1alpha1/sources/${sha256}` });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** Marks a SourcePackage as uploaded whose bytes the server has already. @throws StatusError NotFound */
  async uploadExisting(ref: ObjectRef): Promise<void> {
    await this.#connection.json({ method: 'POST', path: `${uploadPath(ref)}?existing=true` });
  }

  /** Of the embedded server. @throws StatusError NotFound by other servers */
  disk(): Promise<DiskReport> {
    return this.#connection.json({ method: 'GET', path: diskPath });
  }

  pruneDisk({ aside }: { readonly aside: boolean }): Promise<PruneReport> {
    return this.#connection.json({ method: 'POST', path: `${diskPath}/prune${aside ? '?aside=true' : ''}` });
  }

  async version(): Promise<VersionInfo> {
    return this.#connection.json({ method: 'GET', path: '/version' });
  }

  /** Closes every connection; watches end. */
  close(): void {
    this.#connection.close();
  }

  async #object<T>(request: Parameters<Connection['json']>[0]): Promise<T> {
    return deepFreeze(await this.#connection.json<T>(request));
  }

  /** A response that streams; undefined when the signal has fired. */
  async #open(path: string, signal?: AbortSignal): Promise<IncomingMessage | undefined> {
    try {
      return await this.#connection.stream({ method: 'GET', path, signal, accept: '*/*' });
    } catch (error) {
      if (signal?.aborted) return undefined;
      throw error;
    }
  }

  async *#log(path: string, { signal, stream, ...options }: LogOptions = {}): AsyncIterable<Buffer> {
    const side = stream === undefined ? undefined : stream === 'stdout' ? 'Stdout' : 'Stderr';
    const response = await this.#open(path + queryOf({ ...options, stream: side }), signal);
    if (response === undefined) return;
    try {
      yield* response as AsyncIterable<Buffer>;
    } catch (error) {
      if (!signal?.aborted) throw this.#connection.broken(error);
    } finally {
      response.destroy();
    }
  }
}

const uploadPath = ({ namespace, name }: ObjectRef): string =>
  `/apis/upload.kf.dev/v1alpha1/proxy/namespaces/${namespace}/${name}`;
