/** Files of a volume, also while no Task runs. Tasks may change it meanwhile, so no path is trusted. */

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { FileQuery } from '../../client/files.ts';
import { isWithin } from '../../resources/host-path.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { badRequest, statusError } from '../../resources/status.ts';
import type { PodClaims } from '../volumes/pod-claims.ts';
import { tarOutput } from './tar-process.ts';

export async function* volumeFiles(client: Client, claims: PodClaims, query: FileQuery): AsyncIterable<Buffer> {
  const { namespace, name, path, signal } = query;
  const { spec, status } = await client.get(ServiceInstance, { namespace, name });
  const claim = status?.volumeStatus?.persistentVolumeClaimName;
  if (spec.volume === undefined || claim === undefined) throw badRequest(`service "${name}" is no volume`);
  const reader = `copy-${randomUUID()}`;
  try {
    const folder = await claims.acquireClaim(reader, { namespace, name: claim });
    const { handle, base } = await openParent(folder, path);
    try {
      yield* tarOutput({
        program: 'tar',
        args: ['-C', '/proc/self/fd/3', '-cf', '-', '--', base],
        descriptor: handle.fd,
        ...(signal === undefined ? {} : { signal }),
      });
    } finally {
      await handle.close();
    }
  } finally {
    await claims.releaseClaims(reader);
  }
}

/** The folder that holds what `path` names, opened, so that nobody can put another in its place. */
async function openParent(folder: string, path: string) {
  const notThere = statusError('NotFound', `${path}: no such file or folder in the volume`);
  const root = await realpath(folder);
  const target = await realpath(join(root, join('/', path))).catch(() => undefined);
  if (target === undefined) throw notThere;
  if (!isWithin(target, root)) throw badRequest(`${path}: leads out of the volume`);
  const parent = target === root ? root : dirname(target);
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const handle = await open(parent, flags).catch(() => {
    throw notThere;
  });
  if (!isWithin(await readlink(`/proc/self/fd/${handle.fd}`), root)) {
    await handle.close();
    throw badRequest(`${path}: leads out of the volume`);
  }
  return { handle, base: target === root ? '.' : basename(target) };
}
