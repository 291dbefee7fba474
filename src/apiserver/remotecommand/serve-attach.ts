/**
 * `pods/attach`: what a running container writes from now on. Containers here have no standard input, so there is nothing
 * that a client could write to, and their output is what their log gets.
 */

import { Readable } from 'node:stream';
import { type ExecProcess, notRunning, stateOf } from '../../client/containers.ts';
import type { LogSource, LogStream } from '../../client/logs.ts';
import { Pod } from '../../resources/core/pod.ts';
import { labels } from '../../resources/labels.ts';
import { badRequest } from '../../resources/status.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ReadApi } from '../http/read-api.ts';
import type { ResourceRequest } from '../http/request-info.ts';
import { methodNotAllowed } from '../http/respond.ts';
import { endOf } from '../http/streams/log-end.ts';
import { containerOver } from '../http/streams/logs.ts';
import { checkUnfinished, containerOf, streamOptionsOf } from './exec-options.ts';
import type { StreamOptions } from './remote-streams.ts';
import { runSession } from './run-session.ts';
import { acceptUpgrade, checkUpgrade } from './upgrade.ts';

/** @throws StatusError before the upgrade is answered */
export async function serveAttach(
  exchange: Exchange,
  reads: ReadApi,
  { namespace = '', name = '' }: ResourceRequest,
  logs: LogSource,
): Promise<void> {
  const { req, info } = exchange;
  if (req.method !== 'GET' && req.method !== 'POST') throw methodNotAllowed();
  const options = streamOptionsOf(info.query);
  const pod = (await reads.get(Pod, { namespace, name })) as Pod;
  const container = containerOf(pod, info.query);
  checkUnfinished(pod, 'attach to');
  if (options.stdin)
    throw badRequest(`container ${container} has no standard input here: run a command in it (kubectl exec -i)`);
  if (stateOf(pod, container)?.running === undefined) throw notRunning(pod, container);
  checkUpgrade(exchange);
  const end = endOf(reads, Pod, pod, (latest) => containerOver(latest as Pod, container), exchange.signal);
  try {
    const streams = await acceptUpgrade(exchange, options);
    const output = (stream: LogStream): Readable =>
      Readable.from(
        logs.read({
          owner: pod.metadata.labels?.[labels.logOwner] ?? pod.metadata.uid ?? '',
          pod: name,
          container,
          stream,
          tailLines: 0,
          follow: true,
          ended: end.signal,
          signal: streams.gone,
        }),
        { objectMode: false },
      );
    await runSession(streams, () => new Attached(output, options));
  } finally {
    end.stop();
  }
}

/** Ends with the container, and says nothing about how, as in Kubernetes. */
class Attached implements ExecProcess {
  readonly stdin = undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  readonly exitCode = Promise.resolve(0);

  constructor(output: (stream: LogStream) => Readable, { stdout, stderr }: StreamOptions) {
    this.stdout = stdout ? output('stdout') : undefined;
    this.stderr = stderr ? output('stderr') : undefined;
  }

  resize(): void {}

  end(): void {
    this.stdout?.destroy();
    this.stderr?.destroy();
  }
}
