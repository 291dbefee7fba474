/** `GET /kf/disk`, `POST /kf/disk/prune?aside=true`: not resources, as with a kubelet's `/stats`. */

import type { DiskSpace } from '../../client/disk.ts';
import type { Exchange } from './exchange.ts';
import { methodNotAllowed, noSuchPath, sendJson } from './respond.ts';

export const isDiskRequest = (parts: readonly string[]): boolean => parts[0] === 'kf' && parts[1] === 'disk';

/** @throws StatusError ServiceUnavailable while the node is not up */
export async function serveDisk({ req, res, info }: Exchange, disk: DiskSpace): Promise<void> {
  const [, , action, ...more] = info.parts;
  if (more.length > 0 || (action !== undefined && action !== 'prune')) throw noSuchPath();
  if (req.method !== (action === undefined ? 'GET' : 'POST')) throw methodNotAllowed();
  if (action === undefined) return sendJson(res, 200, await disk.report());
  sendJson(res, 200, await disk.prune({ aside: info.query.get('aside') === 'true' }));
}
