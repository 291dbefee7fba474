/** The columns of Kubernetes' own kinds, as its printers define them. */

import type { Event, Namespace, Node, Secret } from '../../../resources/core/kinds.ts';
import { formatSelector } from '../../../resources/core/label-selector.ts';
import type { NetworkPolicy } from '../../../resources/core/network-policy.ts';
import type { Pod } from '../../../resources/core/pod.ts';
import type { RoleBinding } from '../../../resources/core/rbac.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../resources/core/volumes.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import { ageColumn as age, type Cell, type Column, nameColumn, age as since } from './column.ts';

type CellOf<T> = (object: T, now: number) => Cell;

const column = <T extends KubeObject>(name: string, cell: CellOf<T>, priority = 0, type = 'string'): Column => ({
  name,
  type,
  priority,
  cell: cell as unknown as CellOf<KubeObject>,
});

const size = (map: Readonly<Record<string, unknown>> | undefined): number => Object.keys(map ?? {}).length;

/** What the STATUS column of a Pod says; follows kubernetes/pkg/printers/internalversion printPod. */
export function podStatus(pod: Pod): string {
  const { status, metadata } = pod;
  let reason = status?.reason || status?.phase || 'Pending';
  let running = false;
  for (const { state, ready } of [...(status?.containerStatuses ?? [])].reverse()) {
    if (state?.waiting?.reason) reason = state.waiting.reason;
    else if (state?.terminated)
      reason =
        state.terminated.reason ||
        (state.terminated.signal ? `Signal:${state.terminated.signal}` : `ExitCode:${state.terminated.exitCode}`);
    else if (ready && state?.running) running = true;
  }
  const isInitialized = status?.conditions?.some((one) => one.type === 'Initialized' && one.status === 'True');
  const preparing = isInitialized ? undefined : initReason(pod);
  if (preparing !== undefined) return metadata.deletionTimestamp === undefined ? preparing : 'Terminating';
  if (reason === 'Completed' && running) {
    const isReady = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    reason = isReady ? 'Running' : 'NotReady';
  }
  return metadata.deletionTimestamp === undefined ? reason : 'Terminating';
}

/** How far the init containers are, until they are done. */
function initReason({ spec, status }: Pod): string | undefined {
  const all = status?.initContainerStatuses ?? [];
  const at = all.findIndex(({ state, ready, name }) => {
    const runsOn = spec.initContainers?.find((container) => container.name === name)?.restartPolicy === 'Always';
    return runsOn ? ready !== true && !state?.terminated : state?.terminated?.exitCode !== 0;
  });
  const { state } = all[at] ?? {};
  if (state === undefined || status?.phase === 'Succeeded') return undefined;
  if (state.terminated) return `Init:${state.terminated.reason || `ExitCode:${state.terminated.exitCode}`}`;
  const waits = state.waiting?.reason;
  return waits && waits !== 'PodInitializing' ? `Init:${waits}` : `Init:${at}/${all.length}`;
}

const podColumns: readonly Column[] = [
  nameColumn,
  column<Pod>('Ready', ({ spec, status }) => {
    const ready = (status?.containerStatuses ?? []).filter((container) => container.ready && container.state?.running);
    return `${ready.length}/${spec.containers.length}`;
  }),
  column<Pod>('Status', podStatus),
  column<Pod>('Restarts', ({ status }) =>
    String(
      [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].reduce(
        (sum, container) => sum + (container.restartCount ?? 0),
        0,
      ),
    ),
  ),
  age,
  column<Pod>('IP', ({ status }) => status?.podIP || '<none>', 1),
  column<Pod>('Node', ({ spec }) => spec.nodeName || '<none>', 1),
  column<Pod>('Nominated Node', () => '<none>', 1),
  column<Pod>('Readiness Gates', () => '<none>', 1),
];

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const modes = (names: readonly string[] = []): string => names.map((name) => shortModes[name] ?? name).join(',');

interface NodeStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly nodeInfo?: Readonly<Record<string, string>>;
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}
const statusOf = (node: Node): NodeStatus => (node.status ?? {}) as NodeStatus;
const address = (node: Node, type: string): string =>
  statusOf(node).addresses?.find((candidate) => candidate.type === type)?.address ?? '<none>';

function nodeRoles(node: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith(prefix))
    .map((label) => label.slice(prefix.length));
  return roles.length === 0 ? '<none>' : roles.sort().join(',');
}

function nodeStatus(node: Node): string {
  const ready = statusOf(node).conditions?.find(({ type }) => type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  const unschedulable = (node.spec as { readonly unschedulable?: boolean } | undefined)?.unschedulable === true;
  return unschedulable ? `${state},SchedulingDisabled` : state;
}

const eventColumns: readonly Column[] = [
  column<Event>('Last Seen', (event, now) => {
    const { count, lastTimestamp, firstTimestamp, eventTime } = event;
    const last = since(lastTimestamp ?? eventTime ?? firstTimestamp, now);
    return (count ?? 1) > 1 ? `${last} (x${count} over ${since(firstTimestamp, now)})` : last;
  }),
  column<Event>('Type', ({ type }) => type ?? ''),
  column<Event>('Reason', ({ reason }) => reason ?? ''),
  column<Event>('Object', ({ involvedObject: { kind = '', name } }) =>
    name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase(),
  ),
  column<Event>('Subobject', ({ involvedObject }) => involvedObject.fieldPath ?? '', 1),
  column<Event>('Source', ({ source }) => [source?.component, source?.host].filter(Boolean).join(', '), 1),
  column<Event>('Message', ({ message }) => (message ?? '').trim()),
  column<Event>('First Seen', ({ firstTimestamp, eventTime }, now) => since(firstTimestamp ?? eventTime, now), 1),
  column<Event>('Count', ({ count }) => String(count ?? 1), 1),
  { ...nameColumn, priority: 1 },
];

const roleColumns: readonly Column[] = [
  nameColumn,
  column('Created At', ({ metadata }) => metadata.creationTimestamp ?? ''),
];
const bindingColumns: readonly Column[] = [
  nameColumn,
  column<RoleBinding>('Role', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  age,
];

/** By `group/Kind`. */
export const coreColumns: Readonly<Record<string, readonly Column[]>> = {
  '/Pod': podColumns,
  '/Event': eventColumns,
  '/Namespace': [nameColumn, column<Namespace>('Status', ({ status }) => status?.phase ?? 'Active'), age],
  '/Secret': [
    nameColumn,
    column<Secret>('Type', ({ type }) => type ?? 'Opaque'),
    column<Secret>('Data', ({ data }) => size(data), 0, 'integer'),
    age,
  ],
  '/ConfigMap': [
    nameColumn,
    column<KubeObject & { data?: object; binaryData?: object }>(
      'Data',
      ({ data, binaryData }) => Object.keys({ ...data, ...binaryData }).length,
      0,
      'integer',
    ),
    age,
  ],
  '/ServiceAccount': [
    nameColumn,
    column<KubeObject & { secrets?: readonly unknown[] }>(
      'Secrets',
      ({ secrets }) => secrets?.length ?? 0,
      0,
      'integer',
    ),
    age,
  ],
  'rbac.authorization.k8s.io/Role': roleColumns,
  'rbac.authorization.k8s.io/ClusterRole': roleColumns,
  'rbac.authorization.k8s.io/RoleBinding': bindingColumns,
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindingColumns,
  '/Node': [
    nameColumn,
    column<Node>('Status', nodeStatus),
    column<Node>('Roles', nodeRoles),
    age,
    column<Node>('Version', (node) => statusOf(node).nodeInfo?.kubeletVersion ?? ''),
    column<Node>('Internal-IP', (node) => address(node, 'InternalIP'), 1),
    column<Node>('External-IP', (node) => address(node, 'ExternalIP'), 1),
    column<Node>('OS-Image', (node) => statusOf(node).nodeInfo?.osImage ?? '<unknown>', 1),
    column<Node>('Kernel-Version', (node) => statusOf(node).nodeInfo?.kernelVersion ?? '<unknown>', 1),
    column<Node>('Container-Runtime', (node) => statusOf(node).nodeInfo?.containerRuntimeVersion ?? '<unknown>', 1),
  ],
  '/PersistentVolumeClaim': [
    nameColumn,
    column<PersistentVolumeClaim>('Status', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Terminating',
    ),
    column<PersistentVolumeClaim>('Volume', ({ spec }) => spec.volumeName ?? ''),
    column<PersistentVolumeClaim>('Capacity', ({ status }) => status?.capacity?.storage ?? ''),
    column<PersistentVolumeClaim>('Access Modes', ({ status }) => modes(status?.accessModes)),
    column<PersistentVolumeClaim>('StorageClass', ({ spec }) => spec.storageClassName ?? ''),
    age,
    column<PersistentVolumeClaim>('VolumeMode', ({ spec }) => spec.volumeMode ?? 'Filesystem', 1),
  ],
  '/PersistentVolume': [
    nameColumn,
    column<PersistentVolume>('Capacity', ({ spec }) => spec.capacity?.storage ?? ''),
    column<PersistentVolume>('Access Modes', ({ spec }) => modes(spec.accessModes)),
    column<PersistentVolume>('Reclaim Policy', ({ spec }) => spec.persistentVolumeReclaimPolicy ?? 'Retain'),
    column<PersistentVolume>('Status', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Available') : 'Terminating',
    ),
    column<PersistentVolume>('Claim', ({ spec: { claimRef } }) =>
      claimRef === undefined ? '' : `${claimRef.namespace}/${claimRef.name}`,
    ),
    column<PersistentVolume>('StorageClass', ({ spec }) => spec.storageClassName ?? ''),
    column<PersistentVolume>('Reason', ({ status }) => status?.reason ?? ''),
    age,
    column<PersistentVolume>('VolumeMode', ({ spec }) => spec.volumeMode ?? 'Filesystem', 1),
  ],
  'networking.k8s.io/NetworkPolicy': [
    nameColumn,
    column<NetworkPolicy>('Pod-Selector', ({ spec }) => formatSelector(spec.podSelector)),
    age,
  ],
  'coordination.k8s.io/Lease': [
    nameColumn,
    column<KubeObject & { spec?: { holderIdentity?: string } }>('Holder', ({ spec }) => spec?.holderIdentity ?? ''),
    age,
  ],
};
