/** The options of a mount fit one page of memory: an image of a hundred layers needs short names for them. */

import { createHash } from 'node:crypto';
import { mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../resources/errors.ts';

/** Bytes of a mount's options that the paths may take: a page, less what else stands there. */
const most = 3000;

/** The paths themselves, or links to them in `links` when they are too long together. */
export function shortPaths(paths: readonly string[], links: string): readonly string[] {
  if (paths.join(':').length <= most) return paths;
  mkdirSync(links, { recursive: true, mode: 0o700 });
  return paths.map((path) => {
    const link = join(links, createHash('sha256').update(path).digest('base64url').slice(0, 6));
    try {
      symlinkSync(path, link);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      // Two paths have the same hash: this one stays long.
      if (readlinkSync(link) !== path) return path;
    }
    return link;
  });
}
