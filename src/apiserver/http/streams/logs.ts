/** `pods/log`, `tasks/log`, `builds/log`: what is asked for, who owns it, and when nothing more can come. */

import { stateOf } from '../../../client/containers.ts';
import type { LogQuery, LogSource } from '../../../client/logs.ts';
import { isFinal } from '../../../resources/condition.ts';
import type { Pod } from '../../../resources/core/pod.ts';
import { containersOf } from '../../../resources/core/pod-containers.ts';
import type { Task } from '../../../resources/kf/task.ts';
import { labels } from '../../../resources/labels.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import { badRequest, statusError } from '../../../resources/status.ts';
import type { TaskRun } from '../../../resources/tekton/task-run.ts';
import type { ServedResource } from '../catalog.ts';
import type { Exchange } from '../exchange.ts';
import { flag, type ResourceRequest } from '../request-info.ts';
import { methodNotAllowed } from '../respond.ts';
import { endOf } from './log-end.ts';
import { type Outlet, openOutlet } from './outlet.ts';
import { attemptLog } from './task-attempt.ts';

/** Milliseconds without the client taking anything after which it is dropped. */
const patience = 10 * 60_000;

type Options = Pick<LogQuery, 'follow' | 'timestamps' | 'tailLines' | 'limitBytes' | 'sinceTime' | 'stream'>;

/** @throws StatusError NotFound, BadRequest */
export async function serveLog(
  exchange: Exchange,
  resource: ServedResource,
  request: ResourceRequest,
  logs: LogSource,
): Promise<void> {
  if (exchange.req.method !== 'GET') throw methodNotAllowed();
  const { kind, reads } = resource.stored!;
  const { query } = exchange.info;
  const options = optionsOf(query);
  const container = query.get('container') || undefined;
  const ref = { namespace: request.namespace, name: request.name! };
  const object = await reads.get(kind, ref);
  const clientGone = exchange.signal;
  const attempt = wholeNumber(query, 'attempt', 1);
  const isPod = kind.kind === 'Pod' && kind.group === '';
  const chosen =
    attempt === undefined || kind.kind !== 'Task'
      ? undefined
      : await attemptLog(reads, object as Task, attempt, { follow: options.follow === true, clientGone });
  const source = isPod
    ? podSource(object as Pod, container, query)
    : kind.kind === 'TaskRun'
      ? taskRunSource(object as TaskRun, container)
      : { owner: object.metadata.uid ?? '', container, pod: chosen?.pod };
  const discarded = await logs.discardedAt?.(source.owner);
  if (discarded !== undefined)
    throw statusError(
      'Gone',
      `the log of ${kind.singular} "${request.name}" was removed at ${discarded}, to keep the server to its share of the disk`,
    );
  const isOver = (latest: KubeObject): boolean =>
    isPod
      ? containerOver(latest as Pod, source.container)
      : (chosen?.isOver(latest as Task) ?? isFinal(latest as Task));
  const end = options.follow ? endOf(reads, kind, object, isOver, clientGone) : undefined;
  try {
    await copy(exchange, logs, { ...source, ...options, ended: end?.signal, signal: clientGone });
  } finally {
    end?.stop();
  }
}

/** The log of a TaskRun; where its Pods' log belongs to another object (`kf.dev/log-owner`), its part of that log. */
const taskRunSource = ({ metadata, status }: TaskRun, container: string | undefined) => {
  const owner = metadata.labels?.[labels.logOwner];
  return owner === undefined
    ? { owner: metadata.uid ?? '', container, pod: undefined }
    : { owner, container, pod: status?.podName };
};

/** Which log a Pod's container has. @throws StatusError BadRequest in Kubernetes' words */
function podSource(
  pod: Pod,
  wanted: string | undefined,
  query: URLSearchParams,
): { readonly owner: string; readonly pod: string; readonly container: string } {
  const { name, uid } = pod.metadata;
  const names = pod.spec.containers.map((container) => container.name);
  if (wanted === undefined && names.length > 1)
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`);
  const container = wanted ?? names[0]!;
  const known = containersOf(pod).map((one) => one.name);
  if (!known.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`);
  if (flag(query, 'previous'))
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  const state = stateOf(pod, container);
  const started = state?.running !== undefined || state?.terminated !== undefined;
  // A container of a running Pod may wait for the one before it: whoever follows, waits with it.
  const comes = flag(query, 'follow') && pod.status?.phase === 'Running';
  if (!started && !comes && !podOver(pod))
    throw badRequest(
      `container "${container}" in pod "${name}" is waiting to start: ${state?.waiting?.reason ?? 'ContainerCreating'}`,
    );
  return { owner: pod.metadata.labels?.[labels.logOwner] ?? uid ?? '', pod: name, container };
}

const podOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Whether nothing more can come of it. @param container default: any of them */
export const containerOver = (pod: Pod, container: string | undefined): boolean =>
  podOver(pod) || (container !== undefined && stateOf(pod, container)?.terminated !== undefined);

/** Copies the log to the client; an error before the first byte is still an error answer. */
async function copy(exchange: Exchange, logs: LogSource, query: LogQuery): Promise<void> {
  const chunks = logs.read(query)[Symbol.asyncIterator]();
  let outlet: Outlet | undefined;
  try {
    let next = query.follow ? undefined : await chunks.next();
    outlet = await openOutlet(exchange, { contentType: 'text/plain', patience, binary: true });
    for (next ??= await chunks.next(); !next.done; next = await chunks.next())
      if (next.value.length > 0) await outlet.send(next.value);
    // A log that the server's closing cuts short must not look complete.
    if (query.signal?.aborted) outlet.cut();
    else outlet.end();
  } catch (error) {
    if (outlet === undefined) throw error;
    // Nor one that an error cuts short.
    outlet.cut();
  } finally {
    await chunks.return?.();
  }
}

/** @throws StatusError BadRequest */
function optionsOf(query: URLSearchParams): Options {
  const stream = query.get('stream') || 'All';
  if (stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr')
    throw badRequest(
      `stream: Unsupported value: ${JSON.stringify(stream)}: supported values: "All", "Stdout", "Stderr"`,
    );
  return {
    follow: flag(query, 'follow'),
    timestamps: flag(query, 'timestamps'),
    tailLines: wholeNumber(query, 'tailLines', 0),
    limitBytes: wholeNumber(query, 'limitBytes', 1),
    sinceTime: sinceOf(query),
    stream: stream === 'All' ? undefined : stream === 'Stdout' ? 'stdout' : 'stderr',
  };
}

function wholeNumber(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a whole number of ${least} or more`);
}

function sinceOf(query: URLSearchParams): string | undefined {
  const time = query.get('sinceTime') || undefined;
  const seconds = wholeNumber(query, 'sinceSeconds', 1);
  if (time !== undefined && seconds !== undefined)
    throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
  if (seconds !== undefined) return new Date(Date.now() - seconds * 1000).toISOString();
  if (time !== undefined && Number.isNaN(Date.parse(time)))
    throw badRequest(`sinceTime: Invalid value: ${JSON.stringify(time)}: must be an RFC 3339 time`);
  return time;
}
