/**
 * Upload of source packages, at the path that Kf's clients use:
 * `POST /apis/upload.kf.dev/v1alpha1/proxy/namespaces/{ns}/{sourcepackage}` with the tar as body, or `?existing=true`
 * without one; `HEAD /apis/upload.kf.dev/v1alpha1/sources/{sha256}` says whether a package is kept already.
 */

import type { IncomingMessage } from 'node:http';
import { type ConditionDraft, isFinal } from '../../resources/condition.ts';
import { errorCode } from '../../resources/errors.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { isNotFound, notFound, StatusError, statusError } from '../../resources/status.ts';
import type { Api, SourceSink } from '../api.ts';
import type { Exchange } from './exchange.ts';
import { flag } from './request-info.ts';
import { methodNotAllowed, noSuchPath, sendJson } from './respond.ts';
import { finishSourcePackage } from './source-package-status.ts';

const sourceKind = { group: 'upload.kf.dev', kind: 'Source', plural: 'sources' };

/** @param patience milliseconds for which a SourcePackage may be missing: clients create it just before the upload */
export async function serveUpload(api: Api, sources: SourceSink, exchange: Exchange, patience: number): Promise<void> {
  const [, , version, resource, ...rest] = exchange.info.parts;
  if (version !== 'v1alpha1') throw noSuchPath();
  if (resource === 'sources' && rest.length === 1) return serveKept(sources, exchange, rest[0]!);
  if (resource === 'proxy' && rest.length === 3 && rest[0] === 'namespaces')
    return receive(api, sources, exchange, { namespace: rest[1]!, name: rest[2]! }, patience);
  throw noSuchPath();
}

async function serveKept(sources: SourceSink, { req, res }: Exchange, sha256: string): Promise<void> {
  if (req.method !== 'HEAD' && req.method !== 'GET') throw methodNotAllowed();
  if (!/^[0-9a-f]{64}$/.test(sha256) || !(await sources.has(sha256))) throw notFound(sourceKind, sha256);
  sendJson(res, 200, { sha256 });
}

async function receive(
  api: Api,
  sources: SourceSink,
  exchange: Exchange,
  ref: ObjectRef,
  patience: number,
): Promise<void> {
  const { req, res, info, caller } = exchange;
  if (req.method !== 'POST') throw methodNotAllowed();
  const source = await find(api, ref, patience, exchange.signal);
  if (isFinal(source))
    throw statusError('Conflict', 'SourcePackage is not pending', {
      name: ref.name,
      group: SourcePackage.group,
      kind: SourcePackage.plural,
    });
  const { size, checksum } = source.spec;
  const finish = (condition: ConditionDraft, image?: string) =>
    finishSourcePackage(api, caller, source, condition, image);
  try {
    const image = flag(info.query, 'existing')
      ? await keptImage(sources, checksum.value)
      : (await sources.receive(bodyOf(req), { size, sha256: checksum.value })).image;
    await finish({ type: 'UploadReady', status: 'True' }, image);
    sendJson(res, 200, { image });
  } catch (error) {
    // Whatever is left of the body is read, so that the client gets to see the answer.
    req.resume();
    if (!isPackagesFault(error, exchange.signal)) throw toStatus(error);
    await finish({ type: 'UploadReady', status: 'False', reason: 'UploadFailed', message: error.message });
    throw statusError('Invalid', error.message);
  }
}

/** A sink that has had enough must not destroy the connection: the answer has still to go out. */
const bodyOf = (req: IncomingMessage): AsyncIterable<Buffer> => req.iterator({ destroyOnReturn: false });

/** The image of a package that the store has. */
async function keptImage(sources: SourceSink, sha256: string): Promise<string> {
  if (!(await sources.has(sha256))) throw notFound(sourceKind, sha256);
  return `source://sha256:${sha256}`;
}

/** Wrong bytes condemn the package; a lost connection or a full disk do not: the upload may be tried again. */
function isPackagesFault(error: unknown, clientGone: AbortSignal): error is Error {
  const isSystem = error instanceof Error && typeof errorCode(error) === 'string';
  return error instanceof Error && !(error instanceof StatusError) && !isSystem && !clientGone.aborted;
}

function toStatus(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return statusError('InsufficientStorage', `the source package does not fit on the server's disk: ${message}`);
  return error;
}

/** Waits a little for the package to appear. @throws StatusError NotFound */
async function find(api: Api, ref: ObjectRef, patience: number, signal: AbortSignal): Promise<SourcePackage> {
  try {
    return (await api.get(SourcePackage, ref)) as SourcePackage;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const appeared = await waitFor(api, ref, AbortSignal.any([signal, AbortSignal.timeout(patience)]));
    if (appeared === undefined) throw error;
    return appeared;
  }
}

async function waitFor(
  api: Api,
  { namespace, name }: ObjectRef,
  signal: AbortSignal,
): Promise<SourcePackage | undefined> {
  const events = api.watch(SourcePackage, { namespace, fieldSelector: `metadata.name=${name}`, signal });
  for await (const event of events) if (event.type !== 'BOOKMARK') return event.object as SourcePackage;
  return undefined;
}
