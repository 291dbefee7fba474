/** Which handler answers which path. */

import { systemClock } from '../../client/clock.ts';
import type { Containers } from '../../client/containers.ts';
import type { DiskSpace } from '../../client/disk.ts';
import type { FileSource } from '../../client/files.ts';
import type { LogSource } from '../../client/logs.ts';
import type { UsageSource } from '../../client/usage.ts';
import { statusError } from '../../resources/status.ts';
import type { Api, SourceSink } from '../api.ts';
import { serveAttach } from '../remotecommand/serve-attach.ts';
import { noContainers, serveExec } from '../remotecommand/serve-exec.ts';
import { servePortForward } from '../remotecommand/serve-port-forward.ts';
import { Catalog, groupVersionOf, type ServedResource, servedKind, uploadGroup } from './catalog.ts';
import { NodeMetrics, nodeMetrics, PodMetrics, podMetrics } from './computed/metrics.ts';
import { Discovery } from './discovery/discovery.ts';
import { OpenApi } from './discovery/openapi.ts';
import { versionInfo } from './discovery/version.ts';
import { isDiskRequest, serveDisk } from './disk.ts';
import type { Exchange } from './exchange.ts';
import { serveFiles } from './files.ts';
import type { RequestInfo, ResourceRequest } from './request-info.ts';
import { serveResource } from './resources.ts';
import { methodNotAllowed, noSuchPath, sendJson, sendText } from './respond.ts';
import { serveReview } from './reviews.ts';
import { serveLog } from './streams/logs.ts';
import { serveUpload } from './upload.ts';

export interface RouterOptions {
  readonly api: Api;
  readonly logs: LogSource;
  readonly sources: SourceSink;
  /** Default: there are none. */
  readonly files?: FileSource;
  /** Default: there are none. */
  readonly containers?: Containers;
  /** Default: not told. */
  readonly disk?: DiskSpace;
  /** Default: metrics are not served. */
  readonly usage?: UsageSource;
  /** Of kf. */
  readonly version: string;
  /** What `/readyz` tells. Default: ready. */
  readonly ready?: () => boolean;
  /** Milliseconds for which an upload waits for its SourcePackage. Default: 3000. */
  readonly uploadPatience?: number;
}

function metricsOf({ api, usage }: RouterOptions): readonly ServedResource[] {
  if (usage === undefined) return [];
  const options = { api, usage, clock: systemClock };
  return [
    servedKind(PodMetrics, podMetrics(options), ['get', 'list']),
    servedKind(NodeMetrics, nodeMetrics(options), ['get', 'list']),
  ];
}

export type Handler = (exchange: Exchange) => Promise<void> | void;

export function router(options: RouterOptions): Handler {
  const { api, logs, sources, uploadPatience = 3000 } = options;
  const catalog = new Catalog(api, metricsOf(options));
  const discovery = new Discovery(catalog);
  const openApi = new OpenApi(catalog);

  const serve = (exchange: Exchange, request: ResourceRequest): Promise<void> => {
    const { group, version, subresource } = request;
    if (group === uploadGroup) return serveUpload(api, sources, exchange, uploadPatience);
    const resource = catalog.find(group, version, request.resource);
    if (resource === undefined) throw noSuchPath();
    if (resource.stored === undefined) return serveReview(exchange, resource.kind, groupVersionOf(resource));
    if (subresource === 'log' && resource.subresources.some(({ name }) => name === 'log'))
      return serveLog(exchange, resource, request, logs);
    if (subresource === 'files' && resource.subresources.some(({ name }) => name === 'files'))
      return serveFiles(exchange, resource, request, options.files ?? noFiles);
    if (resource.kind === 'Pod' && subresource === 'exec')
      return serveExec(exchange, resource.stored.reads, request, options.containers ?? noContainers);
    if (resource.kind === 'Pod' && subresource === 'attach')
      return serveAttach(exchange, resource.stored.reads, request, logs);
    if (resource.kind === 'Pod' && subresource === 'portforward')
      return servePortForward(exchange, resource.stored.reads, request, options.containers ?? noContainers);
    return serveResource(exchange, resource, request);
  };

  return (exchange) => {
    const { req, res, info } = exchange;
    if (info.resource !== undefined) return serve(exchange, info.resource);
    if (options.disk !== undefined && isDiskRequest(info.parts)) return serveDisk(exchange, options.disk);
    if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed();
    if (isProbe(info)) return serveProbe(exchange, options);
    const [first] = info.parts;
    if (first === undefined) return sendJson(res, 200, { paths: rootPaths });
    if (first === 'version' && info.parts.length === 1) return sendJson(res, 200, versionInfo(options.version));
    if (discovery.serve(req, res, info.parts) || openApi.serve(req, res, info.parts)) return;
    throw noSuchPath();
  };
}

const noFiles: FileSource = {
  read: () => {
    throw statusError('NotImplemented', 'this server has no files', {});
  },
};

const rootPaths = ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'];

const probes: ReadonlySet<string | undefined> = new Set(['healthz', 'livez', 'readyz']);
export const isProbe = ({ parts }: RequestInfo): boolean => parts.length === 1 && probes.has(parts[0]);

function serveProbe({ res, info }: Exchange, { ready }: RouterOptions): void {
  const isReady = info.parts[0] !== 'readyz' || (ready?.() ?? true);
  sendText(res, isReady ? 200 : 503, isReady ? 'ok' : 'not ready');
}
