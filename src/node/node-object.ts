/** This machine as a Node of the API: what Pods may have of it, and whether it can run any. */

import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, hostname, release, totalmem } from 'node:os';
import type { Client } from '../client/client.ts';
import { getIfExists } from '../client/get-if-exists.ts';
import { writeStatus } from '../client/status-writer.ts';
import { mergeConditions } from '../resources/condition.ts';
import { Node } from '../resources/core/kinds.ts';
import { type NodeStatus, ownNodes } from '../resources/core/node-room.ts';
import { labels } from '../resources/labels.ts';
import type { Labels } from '../resources/selector.ts';
import { isAlreadyExists, isConflict } from '../resources/status.ts';
import { mostOf } from './disk/reserve.ts';
import { goArch, relabelled, standardLabels } from './node-labels.ts';
import type { AdmissionLimits } from './scheduling/admission.ts';

/** Whether Pods are run; while not, why. */
export type NodeReadiness =
  | { readonly ready: true; readonly address: string; readonly runtime: string }
  | { readonly ready: false; readonly reason: string; readonly message: string };

/** The machine's name, as far as a Node may be called so. */
export const ownNodeName = (name = hostname()): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '') || 'node';

/** What Pods have of this machine. */
export interface NodeRoom extends AdmissionLimits {
  /** The folder on whose file system their disks lie. */
  readonly dataDir: string;
  /** Bytes of it that are promised to nobody. Default: 5 %, at least 1 GiB. */
  readonly reserveBytes?: number;
  /** Labels of the Node beside the usual ones, from the server's setting. Default: none. */
  readonly labels?: Labels;
}

export async function reportNode(
  client: Client,
  room: NodeRoom,
  readiness: NodeReadiness,
  version: string,
  now: string,
): Promise<void> {
  const name = ownNodeName();
  const found = (await getIfExists(client, Node, { name })) ?? (await create(client, name));
  const node = await label(client, found, room.labels ?? {});
  // The machine was renamed: there is one Node, whatever it was called.
  for (const other of (await client.list(Node, { labelSelector: ownNodes })).items)
    if (other.metadata.name !== name) await client.delete(Node, { name: other.metadata.name });
  const before = (node.status ?? {}) as NodeStatus;
  const ready = readiness.ready
    ? { type: 'Ready', status: 'True' as const, reason: 'KfReady', message: 'Pods are run' }
    : { type: 'Ready', status: 'False' as const, reason: readiness.reason, message: readiness.message };
  await writeStatus(client, Node, node, {
    ...before,
    ...resources(room),
    conditions: mergeConditions(before.conditions as never, [ready], now),
    addresses: [
      ...(readiness.ready ? [{ type: 'InternalIP', address: readiness.address }] : []),
      { type: 'Hostname', address: hostname() },
    ],
    nodeInfo: {
      architecture: goArch(),
      operatingSystem: 'linux',
      kernelVersion: release(),
      osImage: osImage(),
      kubeletVersion: `kf-${version}`,
      containerRuntimeVersion: readiness.ready ? readiness.runtime : '',
    },
  });
}

async function create(client: Client, name: string): Promise<Node> {
  try {
    return await client.create(Node, {
      metadata: { name, labels: { [labels.managedBy]: 'kf', ...standardLabels(name) } },
      spec: {},
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return client.get(Node, { name });
  }
}

async function label(client: Client, node: Node, setting: Labels): Promise<Node> {
  for (let current = node; ; current = await client.get(Node, { name: node.metadata.name })) {
    const changed = relabelled(current, setting);
    if (changed === undefined) return current;
    try {
      return await client.update(Node, changed);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

function resources({
  memoryBytes,
  maxPods,
  dataDir,
  reserveBytes,
}: NodeRoom): Pick<NodeStatus, 'capacity' | 'allocatable'> {
  const cpu = String(availableParallelism());
  const pods = String(maxPods);
  const inKi = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;
  const { blocks, bsize } = statfsSync(dataDir);
  const disk = (bytes: number) => ({ 'ephemeral-storage': inKi(bytes) });
  return {
    capacity: { cpu, memory: inKi(totalmem()), pods, ...disk(blocks * bsize) },
    allocatable: { cpu, memory: inKi(memoryBytes), pods, ...disk(mostOf(blocks * bsize, reserveBytes)) },
  };
}

function osImage(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
