/** `tasks/files` and `serviceinstances/files`: a file or folder as a tar. */

import { copyErrorTrailer, type FileQuery, type FileSource } from '../../client/files.ts';
import { badRequest } from '../../resources/status.ts';
import type { ServedResource } from './catalog.ts';
import type { Exchange } from './exchange.ts';
import type { ResourceRequest } from './request-info.ts';
import { methodNotAllowed, statusOf, writeSlowly } from './respond.ts';

/** Milliseconds without the client taking anything after which it is dropped. */
const patience = 60_000;

/** @throws StatusError NotFound, BadRequest */
export async function serveFiles(
  { req, res, info, signal }: Exchange,
  { kind }: ServedResource,
  { namespace = '', name = '' }: ResourceRequest,
  files: FileSource,
): Promise<void> {
  if (req.method !== 'GET') throw methodNotAllowed();
  const path = info.query.get('path') ?? '';
  if (path === '' || path.includes('\0')) throw badRequest('path: Required value: the file or folder to read');
  const query: FileQuery = { kind: kind as FileQuery['kind'], namespace, name, path, signal };
  const chunks = files.read(query)[Symbol.asyncIterator]();
  try {
    // An error before the first byte is still an error answer.
    let next = await chunks.next();
    res.writeHead(200, {
      'Content-Type': 'application/x-tar',
      'Cache-Control': 'no-cache, private',
      Trailer: copyErrorTrailer,
    });
    res.flushHeaders();
    const failure = await (async () => {
      for (; !next.done; next = await chunks.next()) await writeSlowly(res, next.value, patience);
    })().catch((error: unknown) => statusOf(error).message ?? 'it was cut short');
    if (signal.aborted) res.destroy();
    if (res.destroyed) return;
    if (failure !== undefined) res.addTrailers({ [copyErrorTrailer]: encodeURIComponent(failure) });
    res.end();
  } finally {
    await chunks.return?.();
  }
}
