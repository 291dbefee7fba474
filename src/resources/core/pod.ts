/** core/v1 Pod, as far as the node agent honours it. */

import { defineKind, type Kind, type Resource } from '../kind.ts';
import { finalizers } from '../labels.ts';
import * as s from '../schema.ts';
import { validatePod } from './pod-validation.ts';
import { affinitySchema, spreadSchema, tolerationSchema } from './scheduling.ts';

const keySelector = s.atomic(s.object({ name: s.string(), key: s.string(), optional: s.optional(s.boolean()) }));

const fieldSelector = s.atomic(s.object({ apiVersion: s.optional(s.string()), fieldPath: s.string() }));
const resourceSelector = s.atomic(
  s.object({ containerName: s.optional(s.string()), resource: s.string(), divisor: s.optional(s.quantity()) }),
);

export const envVarSchema = s.object({
  name: s.string({ minLength: 1 }),
  value: s.optional(s.string()),
  valueFrom: s.optional(
    s.object({
      fieldRef: s.optional(fieldSelector),
      resourceFieldRef: s.optional(resourceSelector),
      secretKeyRef: s.optional(keySelector),
      configMapKeyRef: s.optional(keySelector),
    }),
  ),
});
export type EnvVar = s.Infer<typeof envVarSchema>;

const wholeObject = s.object({ name: s.optional(s.string()), optional: s.optional(s.boolean()) });
const envFromSchema = s.object({
  prefix: s.optional(s.string()),
  configMapRef: s.optional(wholeObject),
  secretRef: s.optional(wholeObject),
});

export const resourcesSchema = s.object({
  limits: s.optional(s.map(s.quantity())),
  requests: s.optional(s.map(s.quantity())),
});
export type ResourceRequirements = s.Infer<typeof resourcesSchema>;

export const volumeMountSchema = s.object({
  name: s.string(),
  mountPath: s.string(),
  readOnly: s.optional(s.boolean()),
  subPath: s.optional(s.string()),
  subPathExpr: s.optional(s.string()),
  mountPropagation: s.optional(s.string()),
  recursiveReadOnly: s.optional(s.string()),
});
export type VolumeMount = s.Infer<typeof volumeMountSchema>;

/** Permissions of a file. */
export const fileMode = s.integer({ minimum: 0, maximum: 0o777 });

export const keyToPathSchema = s.object({ key: s.string(), path: s.string(), mode: s.optional(fileMode) });

const downwardItem = s.object({
  path: s.string(),
  mode: s.optional(fileMode),
  fieldRef: s.optional(fieldSelector),
  resourceFieldRef: s.optional(resourceSelector),
});
export type DownwardItem = s.Infer<typeof downwardItem>;

const projection = s.object({
  name: s.optional(s.string()),
  items: s.optional(s.array(keyToPathSchema)),
  optional: s.optional(s.boolean()),
});
export const volumeProjectionSchema = s.object(
  {
    secret: s.optional(projection),
    configMap: s.optional(projection),
    downwardAPI: s.optional(s.object({ items: s.optional(s.array(downwardItem)) })),
  },
  { open: true },
);

// Open, so that a kind of volume that is not known here is refused by its name (pod-unsupported.ts).
export const volumeSchema = s.object(
  {
    name: s.string({ minLength: 1 }),
    emptyDir: s.optional(s.object({ medium: s.optional(s.string()), sizeLimit: s.optional(s.quantity()) })),
    secret: s.optional(
      s.object({
        secretName: s.string(),
        items: s.optional(s.array(keyToPathSchema)),
        defaultMode: s.optional(fileMode),
        optional: s.optional(s.boolean()),
      }),
    ),
    configMap: s.optional(
      s.object({
        name: s.string(),
        items: s.optional(s.array(keyToPathSchema)),
        defaultMode: s.optional(fileMode),
        optional: s.optional(s.boolean()),
      }),
    ),
    persistentVolumeClaim: s.optional(s.object({ claimName: s.string(), readOnly: s.optional(s.boolean()) })),
    /** Honoured for Pods that the server's own controllers make only (sources of builds). */
    hostPath: s.optional(s.object({ path: s.string(), type: s.optional(s.string()) })),
    projected: s.optional(
      s.object({ sources: s.optional(s.array(volumeProjectionSchema)), defaultMode: s.optional(fileMode) }),
    ),
    downwardAPI: s.optional(s.object({ items: s.optional(s.array(downwardItem)), defaultMode: s.optional(fileMode) })),
  },
  { open: true },
);
export type Volume = s.Infer<typeof volumeSchema>;

export const securityContextSchema = s.object(
  {
    runAsUser: s.optional(s.integer()),
    runAsGroup: s.optional(s.integer()),
    runAsNonRoot: s.optional(s.boolean()),
    readOnlyRootFilesystem: s.optional(s.boolean()),
    capabilities: s.optional(s.object({ add: s.optional(s.array(s.string())), drop: s.optional(s.array(s.string())) })),
  },
  { open: true },
);
export type SecurityContext = s.Infer<typeof securityContextSchema>;

/** Of all containers of a Pod; a container's own fields win. */
export const podSecurityContextSchema = s.object(
  {
    runAsUser: s.optional(s.integer()),
    runAsGroup: s.optional(s.integer()),
    runAsNonRoot: s.optional(s.boolean()),
    /** Further group of every process; volumes belong to it. */
    fsGroup: s.optional(s.integer()),
    supplementalGroups: s.optional(s.array(s.integer())),
  },
  { open: true },
);

const httpGet = s.object({
  path: s.optional(s.string()),
  port: s.intOrString(),
  host: s.optional(s.string()),
  scheme: s.optional(s.string()),
  httpHeaders: s.optional(s.array(s.object({ name: s.string(), value: s.optional(s.string()) }))),
});
/** Numbers are Kubernetes': seconds, and how often in a row. */
export const probeSchema = s.object(
  {
    exec: s.optional(s.object({ command: s.optional(s.array(s.string())) })),
    httpGet: s.optional(httpGet),
    tcpSocket: s.optional(s.object({ port: s.intOrString(), host: s.optional(s.string()) })),
    initialDelaySeconds: s.optional(s.integer()),
    /** Default 1. */
    timeoutSeconds: s.optional(s.integer()),
    /** Default 10. */
    periodSeconds: s.optional(s.integer()),
    /** Default 1. */
    successThreshold: s.optional(s.integer()),
    /** Default 3. */
    failureThreshold: s.optional(s.integer()),
  },
  { open: true },
);
export type Probe = s.Infer<typeof probeSchema>;

const handlerSchema = s.object(
  {
    exec: s.optional(s.object({ command: s.optional(s.array(s.string())) })),
    httpGet: s.optional(httpGet),
    sleep: s.optional(s.object({ seconds: s.integer({ minimum: 0 }) })),
  },
  { open: true },
);
export type LifecycleHandler = s.Infer<typeof handlerSchema>;

const containerSchema = s.object(
  {
    name: s.string({ minLength: 1 }),
    image: s.optional(s.string()),
    imagePullPolicy: s.optional(s.enumeration('Always', 'IfNotPresent', 'Never')),
    command: s.optional(s.array(s.string())),
    args: s.optional(s.array(s.string())),
    workingDir: s.optional(s.string()),
    env: s.optional(s.keyed(['name'], envVarSchema)),
    envFrom: s.optional(s.array(envFromSchema)),
    ports: s.optional(
      s.keyed(
        ['containerPort', 'protocol'],
        s.object(
          {
            name: s.optional(s.string()),
            containerPort: s.optional(s.integer()),
            protocol: s.withDefault(s.string(), 'TCP'),
          },
          { open: true },
        ),
      ),
    ),
    resources: s.optional(resourcesSchema),
    volumeMounts: s.optional(s.keyed(['mountPath'], volumeMountSchema)),
    securityContext: s.optional(securityContextSchema),
    terminationMessagePath: s.optional(s.string()),
    terminationMessagePolicy: s.optional(s.enumeration('File', 'FallbackToLogsOnError')),
    startupProbe: s.optional(probeSchema),
    readinessProbe: s.optional(probeSchema),
    livenessProbe: s.optional(probeSchema),
    lifecycle: s.optional(
      s.object({ postStart: s.optional(handlerSchema), preStop: s.optional(handlerSchema) }, { open: true }),
    ),
    /** Of an init container: Always runs it beside the Pod's own containers. */
    restartPolicy: s.optional(s.string()),
  },
  { open: true },
);
export type Container = s.Infer<typeof containerSchema>;

export const dnsConfigSchema = s.object({
  nameservers: s.optional(s.array(s.string())),
  searches: s.optional(s.array(s.string())),
  options: s.optional(s.array(s.object({ name: s.optional(s.string()), value: s.optional(s.string()) }))),
});

const terminated = s.object({
  exitCode: s.integer(),
  signal: s.optional(s.integer()),
  /** Completed, Error, OOMKilled, DiskQuotaExceeded, ContainerCannotRun, Skipped, NodeRestarted, ContainerStatusUnknown … */
  reason: s.optional(s.string()),
  message: s.optional(s.string()),
  startedAt: s.optional(s.time()),
  finishedAt: s.optional(s.time()),
  containerID: s.optional(s.string()),
});

export const containerStateSchema = s.object({
  waiting: s.optional(s.object({ reason: s.optional(s.string()), message: s.optional(s.string()) })),
  running: s.optional(s.object({ startedAt: s.optional(s.time()) })),
  terminated: s.optional(terminated),
});
export type ContainerState = s.Infer<typeof containerStateSchema>;

/** Counters read before the container was deleted: peak memory and disk in bytes, CPU time in milliseconds. */
export const usageSchema = s.object({
  memoryPeakBytes: s.optional(s.integer()),
  cpuMilliseconds: s.optional(s.integer()),
  diskBytes: s.optional(s.integer()),
  /** Processes that the kernel killed for the container's own memory limit. */
  oomKills: s.optional(s.integer()),
});

const containerStatusSchema = s.object(
  {
    name: s.string(),
    image: s.optional(s.string()),
    imageID: s.optional(s.string()),
    containerID: s.optional(s.string()),
    ready: s.optional(s.boolean()),
    started: s.optional(s.boolean()),
    restartCount: s.optional(s.integer()),
    state: s.optional(containerStateSchema),
    /** How it ended before it was started again. */
    lastState: s.optional(containerStateSchema),
    usage: s.optional(usageSchema),
  },
  { open: true },
);
export type ContainerStatus = s.Infer<typeof containerStatusSchema>;

const podCondition = s.object({
  type: s.string(),
  status: s.enumeration('True', 'False', 'Unknown'),
  reason: s.optional(s.string()),
  message: s.optional(s.string()),
  lastTransitionTime: s.optional(s.time()),
  lastProbeTime: s.optional(s.time()),
});

const body = {
  spec: s.object(
    {
      containers: s.keyed(['name'], containerSchema, { minItems: 1 }),
      initContainers: s.optional(s.keyed(['name'], containerSchema)),
      volumes: s.optional(s.keyed(['name'], volumeSchema)),
      restartPolicy: s.optional(s.string()),
      /** Seconds between SIGTERM and SIGKILL; default 10 (Kubernetes: 30). */
      terminationGracePeriodSeconds: s.withDefault(s.integer({ minimum: 0 }), 10),
      /** Seconds from the first container's start after which the Pod fails with reason DeadlineExceeded. */
      activeDeadlineSeconds: s.optional(s.integer({ minimum: 1 })),
      nodeName: s.optional(s.string()),
      serviceAccountName: s.optional(s.string()),
      nodeSelector: s.optional(s.atomic(s.map(s.string()))),
      securityContext: s.optional(podSecurityContextSchema),
      hostname: s.optional(s.string()),
      hostAliases: s.optional(
        s.keyed(['ip'], s.object({ ip: s.string(), hostnames: s.optional(s.array(s.string())) })),
      ),
      dnsPolicy: s.optional(s.enumeration('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None')),
      dnsConfig: s.optional(dnsConfigSchema),
      tolerations: s.optional(s.array(tolerationSchema)),
      affinity: s.optional(affinitySchema),
      topologySpreadConstraints: s.optional(s.keyed(['topologyKey', 'whenUnsatisfiable'], spreadSchema)),
      schedulerName: s.optional(s.string()),
      /** Secrets of type kubernetes.io/dockerconfigjson. */
      imagePullSecrets: s.optional(s.keyed(['name'], s.atomic(s.object({ name: s.optional(s.string()) })))),
      hostNetwork: s.optional(s.boolean()),
    },
    { open: true },
  ),
  status: s.optional(
    s.object(
      {
        phase: s.optional(s.enumeration('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown')),
        /** PodScheduled is False with the reason for waiting while the Pod has no room. */
        conditions: s.optional(s.keyed(['type'], podCondition)),
        reason: s.optional(s.string()),
        message: s.optional(s.string()),
        podIP: s.optional(s.string()),
        hostIP: s.optional(s.string()),
        startTime: s.optional(s.time()),
        containerStatuses: s.optional(s.array(containerStatusSchema)),
        initContainerStatuses: s.optional(s.array(containerStatusSchema)),
        qosClass: s.optional(s.string()),
      },
      { open: true },
    ),
  ),
};

export type Pod = Resource<typeof body>;

export const podFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

const isBare = (volume: Volume): boolean => Object.keys(volume).length === 1;

export const Pod: Kind<Pod> = defineKind({
  group: '',
  version: 'v1',
  kind: 'Pod',
  shortNames: ['po'],
  categories: ['all'],
  body,
  // As in Kubernetes a volume without a source is an emptyDir.
  default: (pod) =>
    pod.spec.volumes?.some(isBare)
      ? {
          ...pod,
          spec: {
            ...pod.spec,
            volumes: pod.spec.volumes.map((volume) => (isBare(volume) ? { ...volume, emptyDir: {} } : volume)),
          },
        }
      : pod,
  validate: validatePod,
  // Its TaskRun may still have to read its outcome.
  finished: (pod) => podFinished(pod) && pod.metadata.finalizers?.includes(finalizers.outcome) !== true,
  selectableFields: {
    'status.phase': (pod) => pod.status?.phase ?? 'Pending',
    'spec.nodeName': (pod) => pod.spec.nodeName ?? '',
    'status.podIP': (pod) => pod.status?.podIP ?? '',
    'spec.restartPolicy': (pod) => pod.spec.restartPolicy ?? 'Never',
    'spec.serviceAccountName': (pod) => pod.spec.serviceAccountName ?? '',
  },
});
