/**
 * Folders of a layer that hide what layers below have of them. In containers/storage that is an extended attribute, which
 * Node cannot read; but it keeps the headers of the archive that a layer came as, where a file `.wh..wh..opq` says it.
 */

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { errorCode } from '../../resources/errors.ts';

const marker = '.wh..wh..opq';

/** @param layer `GRAPHROOT/overlay/ID/diff`; others have none. @returns their paths within it, like `/etc` */
export function opaqueFolders(layer: string): ReadonlySet<string> {
  const [, root, id] = /^(.*)\/overlay\/([0-9a-f]{64})\/diff$/.exec(layer) ?? [];
  if (root === undefined) return new Set();
  const headers = headersOf(join(root, 'overlay-layers', `${id}.tar-split.gz`));
  // Most have none, and a large layer many lines.
  if (headers?.includes(marker) !== true) return new Set();
  const names = headers
    .toString()
    .split('\n')
    .filter((line) => line.includes(marker))
    .map((line) => (JSON.parse(line) as { readonly name?: string }).name ?? '');
  return new Set(
    names.filter((name) => posix.basename(name) === marker).map((name) => posix.join('/', posix.dirname(name))),
  );
}

/** A line of JSON for each part of the archive; undefined where none was kept. */
function headersOf(file: string): Buffer | undefined {
  try {
    return gunzipSync(readFileSync(file));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
