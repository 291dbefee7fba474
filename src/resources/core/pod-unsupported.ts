/** Fields of Pods that Kubernetes obeys and our node does not: refused by name, so that nothing is silently ignored. Pure. */

import { type FieldError, forbidden, invalid, notFoundValue, required } from '../field-error.ts';

type Fields = Readonly<Record<string, unknown>>;

/** By field: what there is instead. */
type Instead = Readonly<Record<string, string>>;

const ofPod: Instead = {
  ephemeralContainers: 'ephemeral containers are not run here',
  hostNetwork: "a Pod has a network of its own here; host.kf.internal is the machine's address",
  hostPID: 'a Pod has process IDs of its own here',
  hostIPC: 'a Pod has an IPC namespace of its own here',
  shareProcessNamespace: 'every container has process IDs of its own here',
  automountServiceAccountToken: 'no tokens of service accounts are issued here; leave it out, or say false',
  resourceClaims: 'devices are not given to Pods here',
  schedulingGates: 'a Pod is not held back by gates here; create it when it may start',
  readinessGates: 'nobody sets further conditions of a Pod here',
};
const ofPodSecurity: Instead = {
  sysctls: "the kernel's settings are not changed for a Pod here",
};
const ofContainer: Instead = {
  volumeDevices: 'block devices are not given to Pods here',
  resizePolicy: 'resources of a container stay as they are here',
};
const ofSecurityContext: Instead = {
  privileged: 'no container is privileged here',
};
const ofProbe: Instead = {
  grpc: 'not supported here; use exec, httpGet or tcpSocket',
};
const ofLifecycle: Instead = {
  stopSignal: 'containers are ended with SIGTERM here',
};
const ofHook: Instead = {
  tcpSocket: 'not supported here, nor by Kubernetes; use exec, httpGet or sleep',
};
const ofPort: Instead = {
  hostPort: "a Pod gets no port of the machine's own here",
};
const ofMount: Instead = {
  mountPropagation: 'mounts are not propagated here; leave it out, or say None',
};
const tokens = 'no tokens of service accounts are issued here';
const ofProjection: Instead = {
  serviceAccountToken: tokens,
  clusterTrustBundle: 'there are no trust bundles here',
  podCertificate: 'no certificates are issued to Pods here',
};

/** Kinds of volumes that there are. */
const volumeKinds = [
  'emptyDir',
  'secret',
  'configMap',
  'persistentVolumeClaim',
  'hostPath',
  'projected',
  'downwardAPI',
];

/** What may be kept, or added: Docker's default set, but for raw sockets, which could send in another Pod's name. */
const grantable = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

/** `CAP_CHOWN` is taken for `CHOWN`, as container engines do. */
export const capabilityName = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');

interface Shape {
  readonly containers: readonly object[];
  readonly initContainers?: readonly object[];
  readonly volumes?: readonly object[];
}

export function unsupportedFields(spec: Shape): readonly FieldError[] {
  const fields = spec as unknown as Fields;
  return [
    ...present('spec', fields, ofPod),
    ...present('spec.securityContext', asFields(fields.securityContext), ofPodSecurity),
    ...confinement('spec.securityContext', asFields(fields.securityContext)),
    ...(fields.hostUsers === false
      ? [forbidden('spec.hostUsers', 'a Pod has no user namespace of its own here; leave it out, or say true')]
      : []),
    ...(asksFor(fields.runtimeClassName) ? [notFoundValue('spec.runtimeClassName', fields.runtimeClassName)] : []),
    ...(asksFor(asFields(fields.os).name) && asFields(fields.os).name !== 'linux'
      ? [invalid('spec.os.name', asFields(fields.os).name, 'this node runs linux')]
      : []),
    ...(spec.volumes ?? []).flatMap((volume, index) => volumeErrors(`spec.volumes[${index}]`, volume as Fields)),
    ...(spec.initContainers ?? []).flatMap((container, index) =>
      containerErrors(`spec.initContainers[${index}]`, container as Fields),
    ),
    ...spec.containers.flatMap((container, index) => containerErrors(`spec.containers[${index}]`, container as Fields)),
  ];
}

function containerErrors(field: string, container: Fields): readonly FieldError[] {
  const context = asFields(container.securityContext);
  const added = (asFields(context.capabilities).add ?? []) as readonly string[];
  return [
    ...present(field, container, ofContainer),
    ...present(`${field}.securityContext`, context, ofSecurityContext),
    ...confinement(`${field}.securityContext`, context),
    ...(asksFor(context.procMount) && context.procMount !== 'Default'
      ? [forbidden(`${field}.securityContext.procMount`, 'every container has the usual /proc here')]
      : []),
    ...added
      .filter((name) => !grantable.includes(capabilityName(name)))
      .map((name) =>
        forbidden(
          `${field}.securityContext.capabilities.add`,
          `no container gets ${JSON.stringify(name)} here, only what can harm nobody else: ${grantable.join(', ')}`,
        ),
      ),
    ...['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap((name) =>
      present(`${field}.${name}`, asFields(container[name]), ofProbe),
    ),
    ...present(`${field}.lifecycle`, asFields(container.lifecycle), ofLifecycle),
    ...['postStart', 'preStop'].flatMap((name) =>
      present(`${field}.lifecycle.${name}`, asFields(asFields(container.lifecycle)[name]), ofHook),
    ),
    ...((container.ports ?? []) as readonly Fields[]).flatMap((port, index) =>
      port.hostPort === 0 ? [] : present(`${field}.ports[${index}]`, port, ofPort),
    ),
    ...((container.volumeMounts ?? []) as readonly Fields[]).flatMap((mount, index) =>
      mount.mountPropagation === 'None' ? [] : present(`${field}.volumeMounts[${index}]`, mount, ofMount),
    ),
  ];
}

/** Less confinement than what everything here runs in is no lie that may be told. */
function confinement(field: string, context: Fields): readonly FieldError[] {
  return ['seccompProfile', 'appArmorProfile'].flatMap((name) => {
    const { type } = asFields(context[name]);
    if (!asksFor(type) || type === 'RuntimeDefault' || (type === 'Unconfined' && name === 'appArmorProfile')) return [];
    return [forbidden(`${field}.${name}.type`, 'every container has the same profile here; say RuntimeDefault')];
  });
}

function volumeErrors(field: string, volume: Fields): readonly FieldError[] {
  const { name: _, ...rest } = volume;
  const asked = Object.keys(rest).filter((key) => rest[key] !== undefined && rest[key] !== null);
  const unknown = asked.filter((key) => !volumeKinds.includes(key));
  if (unknown.length > 0)
    return unknown.map((key) =>
      forbidden(`${field}.${key}`, `volumes of this kind are not mounted here; there are: ${volumeKinds.join(', ')}`),
    );
  if (asked.length === 0) return [required(field, 'must specify a volume type')];
  if (asked.length > 1)
    return asked.slice(1).map((key) => forbidden(`${field}.${key}`, 'may not specify more than 1 volume type'));
  const sources = (asFields(volume.projected).sources ?? []) as readonly Fields[];
  return sources.flatMap((source, index) => present(`${field}.projected.sources[${index}]`, source, ofProjection));
}

const asFields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});

const present = (field: string, of: Fields, unsupported: Instead): readonly FieldError[] =>
  Object.entries(unsupported)
    .filter(([name]) => asksFor(of[name]))
    .map(([name, detail]) => forbidden(`${field}.${name}`, detail));

/** Programs write fields out that say nothing. */
const asksFor = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  value !== '' &&
  !(Array.isArray(value) && value.length === 0);
