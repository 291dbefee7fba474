/** `pods/exec`: a command in a running container, over WebSocket or SPDY. */

import type { Containers } from '../../client/containers.ts';
import { Pod } from '../../resources/core/pod.ts';
import { badRequest } from '../../resources/status.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ReadApi } from '../http/read-api.ts';
import type { ResourceRequest } from '../http/request-info.ts';
import { methodNotAllowed } from '../http/respond.ts';
import { checkUnfinished, commandOf, containerOf, streamOptionsOf } from './exec-options.ts';
import { runSession } from './run-session.ts';
import { acceptUpgrade, checkUpgrade } from './upgrade.ts';

/** @throws StatusError before the upgrade is answered */
export async function serveExec(
  exchange: Exchange,
  reads: ReadApi,
  { namespace = '', name = '' }: ResourceRequest,
  containers: Containers,
): Promise<void> {
  const { req, info } = exchange;
  if (req.method !== 'GET' && req.method !== 'POST') throw methodNotAllowed();
  const options = streamOptionsOf(info.query);
  const command = commandOf(info.query);
  const pod = (await reads.get(Pod, { namespace, name })) as Pod;
  const container = containerOf(pod, info.query);
  checkUnfinished(pod, 'exec into');
  checkUpgrade(exchange);
  const prepared = await containers.prepareExec({ pod, container, command, ...options });
  try {
    const streams = await acceptUpgrade(exchange, options);
    if (streams.gone.aborted) return;
    await runSession(streams, () => prepared.start());
  } finally {
    prepared.release();
  }
}

const none = () => {
  throw badRequest('this server runs no containers');
};
export const noContainers: Containers = { prepareExec: none, connect: none };
