/** After a start: takes up what an earlier server left running, and removes what belongs to nothing any more. */

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, Pod } from '../../../resources/core/pod.ts';
import { containersOf } from '../../../resources/core/pod-containers.ts';
import { hostStackRef } from '../../../resources/image-reference.ts';
import type { NodeContext } from '../../context.ts';
import { endLeftCommands } from '../../exec/exec-folder.ts';
import type { RuntimeStatus } from '../../runtime/oci-runtime.ts';
import { PodWorker } from '../pod-worker.ts';
import { bootOfClaim } from './claim.ts';
import { decide, type Found } from './decide.ts';
import { liveMonitors } from './monitors.ts';
import { rootsInUse } from './roots-in-use.ts';
import { type PodRecord, readRecords } from './state-file.ts';

export interface Recovered {
  readonly pod: Pod;
  readonly worker: PodWorker;
  readonly run: (freed: () => void) => Promise<void>;
}

/** Code of a container of which a reboot left nothing. */
const restartedCode = 255;

/** @param pods all unfinished Pods of this node; those that are not in the result are new */
export async function recoverPods(context: NodeContext, pods: readonly Pod[]): Promise<readonly Recovered[]> {
  const records = readRecords(context.layout.pods);
  const byUid = new Map(pods.map((pod) => [pod.metadata.uid!, pod]));
  const kept = new Map<string, PodRecord>();
  for (const [uid, record] of records)
    if (record !== undefined && record.bootId === context.bootId && byUid.has(uid)) kept.set(uid, record);
  const machine = await inspect(context);
  await sweep(context, kept, machine);
  await context.claims
    .recover(pods.filter(({ metadata }) => kept.has(metadata.uid!)))
    .catch((error: unknown) => context.onError('removing leftovers: volumes', error));
  const recovered: Recovered[] = [];
  for (const pod of pods) {
    const found = await takeUp(context, pod, kept.get(pod.metadata.uid!), machine);
    if (found !== undefined) recovered.push(found);
  }
  return recovered;
}

interface Machine {
  readonly statuses: ReadonlyMap<string, RuntimeStatus>;
  /** Pids by container id. */
  readonly monitors: ReadonlyMap<string, number>;
  readonly exits: ReadonlySet<string>;
}

async function inspect({ layout, runtime }: NodeContext): Promise<Machine> {
  const known = readdirSync(layout.runtime).length > 0;
  const monitors = liveMonitors(layout.runtime);
  const states = known ? await runtime.list() : [];
  return {
    monitors,
    statuses: new Map(states.map(({ id, status, pid }) => [id, hasBegun(status, pid) ? 'running' : status])),
    exits: new Set(readdirSync(layout.exits)),
  };
}

/**
 * Whether a container that counts as created has begun all the same: a server that is killed between letting it go and
 * removing its FIFO leaves the FIFO, by which runc tells. Until then its process is `runc init`.
 */
function hasBegun(status: RuntimeStatus, pid: number): boolean {
  if (status !== 'created') return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] !== 'init';
  } catch {
    return false;
  }
}

async function takeUp(
  context: NodeContext,
  pod: Pod,
  record: PodRecord | undefined,
  machine: Machine,
): Promise<Recovered | undefined> {
  if (record !== undefined) {
    const found = await findContainers(context, pod, record, machine);
    const worker = new PodWorker(context, pod);
    return { pod, worker, run: (freed) => worker.resume(freed, record, found) };
  }
  const failure = failureOf(context, pod);
  if (failure === undefined) return undefined;
  const worker = new PodWorker(context, pod);
  return { pod, worker, run: () => worker.fail(failure, restartedCode) };
}

async function findContainers(
  context: NodeContext,
  pod: Pod,
  record: PodRecord,
  machine: Machine,
): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>();
  for (const [name, { id, stage }] of Object.entries(record.containers)) {
    const monitor = machine.monitors.get(id);
    const what = decide({
      stage,
      status: machine.statuses.get(id),
      exited: machine.exits.has(id),
      monitorAlive: monitor !== undefined,
      unchecked: containersOf(pod).some((one) => one.name === name && hasSubPath(one)),
    });
    found.set(name, what);
    if (what.decision === 'anew' || what.decision === 'unknown') await clear(context, id, monitor);
  }
  return found;
}

const hasSubPath = ({ volumeMounts = [] }: Container): boolean =>
  volumeMounts.some(({ subPath, subPathExpr }) => subPath || subPathExpr);

/** Removes whatever there is of a container, also when its making was cut in two. */
async function clear(
  { runtime, cgroups, onError }: NodeContext,
  id: string,
  monitor: number | undefined,
): Promise<void> {
  if (monitor !== undefined) kill(monitor);
  try {
    await runtime.delete(id);
    await cgroups.killAll(id, 'SIGKILL');
    await cgroups.remove(id);
  } catch (error) {
    onError(`removing container ${id}`, error);
  }
}

/** Why a Pod without a record cannot be run any more; undefined when it was certainly never started. */
function failureOf({ bootId }: NodeContext, pod: Pod): { reason: string; message: string } | undefined {
  const boot = bootOfClaim(pod);
  if (boot === undefined) return undefined;
  if (boot !== bootId)
    return { reason: 'NodeRestarted', message: 'the machine was restarted while the Pod was being run' };
  if (
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].every(
      ({ state }) => state?.running === undefined && state?.terminated === undefined,
    )
  )
    return undefined;
  return { reason: 'ContainerStatusUnknown', message: 'nothing is left on the machine of what was started' };
}

async function sweep(context: NodeContext, kept: ReadonlyMap<string, PodRecord>, machine: Machine): Promise<void> {
  const { layout, cgroups, network, disk, onError } = context;
  const ids = new Set([...kept.values()].flatMap(({ containers }) => Object.values(containers).map(({ id }) => id)));
  const attempt = (what: string, work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => onError(`removing leftovers: ${what}`, error));
  const there = new Set([...machine.monitors.keys(), ...machine.statuses.keys(), ...(await cgroups.leftovers())]);
  for (const id of there) if (!ids.has(id)) await clear(context, id, machine.monitors.get(id));
  for (const { uid, containers } of kept.values())
    for (const [name, { id }] of Object.entries(containers))
      await attempt('commands in containers', endLeftCommands(context, { id, bundle: join(layout.pods, uid, name) }));
  for (const id of machine.exits) if (!ids.has(id)) rmSync(join(layout.exits, id), { force: true });
  for (const uid of readdirSync(layout.pods))
    if (!kept.has(uid)) rmSync(join(layout.pods, uid), { recursive: true, force: true });
  const records = [...kept.values()];
  const stack = await context.images.resolve(hostStackRef);
  await attempt('root folders', context.rootfsOf(stack).sweep?.(rootsInUse(layout.pods, kept)) ?? Promise.resolve());
  await attempt('networks', network.sweep(new Set(records.map(({ networkId }) => networkId))));
  await attempt('disks', disk.sweep(new Set(records.map(({ diskId }) => diskId))));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
