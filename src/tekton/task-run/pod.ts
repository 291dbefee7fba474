/** The Pod of a TaskRun: one container per step, ordered by the node's start-order annotation. Pure. */

import { posix } from 'node:path';
import type { Draft } from '../../client/client.ts';
import type { Container, Pod, Volume, VolumeMount } from '../../resources/core/pod.ts';
import { isRestartable } from '../../resources/core/pod-containers.ts';
import type { StartOrder } from '../../resources/core/start-order.ts';
import { parseDuration } from '../../resources/duration.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { quantityValue } from '../../resources/quantity.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import type { PodTemplate } from '../../resources/tekton/pod-template.ts';
import type { Sidecar, Step } from '../../resources/tekton/step.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import type { WorkspaceBinding } from '../../resources/tekton/workspace.ts';
import { substituteDeep } from '../variables/substitution.ts';
import { attemptOf, gracePeriodOf, podName } from './attempt.ts';
import { breakpointsOf, debugMounts, debugVolume, withBreakpoints } from './breakpoints.ts';
import { shareOut, withOverrides } from './compute-resources.ts';
import { paths, stepFolder } from './paths.ts';
import type { Credentials } from './run-credentials.ts';
import { scriptFile } from './scripts.ts';
import { bareOrder, startOrder } from './start-order.ts';
import { isStep, sidecarContainer, stepContainer } from './step-names.ts';
import { withTemplate } from './step-template.ts';
import { retryCount } from './task-variables.ts';
import { mountWorkspaces } from './workspaces.ts';

/** What goes into a Pod beside the run. */
export interface PodParts {
  /** As `status.taskSpec` has it. */
  readonly spec: TaskSpec;
  /** Variables replaced, templates bound to their claims. */
  readonly bindings?: readonly WorkspaceBinding[];
  /** Variables replaced. */
  readonly podTemplate?: PodTemplate;
  /** Volumes and mounts of the steps' credentials. */
  readonly credentials?: Credentials;
}

export function podOf(run: TaskRun, parts: PodParts): Draft<Pod> {
  const { podTemplate = run.spec.podTemplate } = parts;
  const own = isKfsOwn(run);
  const { spec, steps, order, volumes } = own
    ? bare(parts.spec)
    : complete(run, podTemplate === undefined ? parts : { ...parts, podTemplate });
  const timeout = parseDuration(run.spec.timeout ?? '0s') ?? 0;
  const grace = gracePeriodOf(run);
  const { volumes: further = [], env: _env, ...template } = podTemplate ?? {};
  const all = [...volumes, ...further];
  const sidecars = (spec.sidecars ?? []).map((sidecar, index) => sidecarOf(sidecar, index, run));
  return {
    metadata: {
      name: podName(run, attemptOf(run)),
      ...(run.metadata.namespace === undefined ? {} : { namespace: run.metadata.namespace }),
      labels: {
        // A run of nobody else's keeps its own log.
        [labels.logOwner]: run.metadata.uid ?? '',
        ...run.metadata.labels,
        [labels.managedBy]: 'tekton-pipelines',
        [labels.taskRun]: run.metadata.name,
        [labels.taskRunUid]: run.metadata.uid ?? '',
      },
      annotations: { ...run.metadata.annotations, [annotations.startOrder]: JSON.stringify(order) },
      ownerReferences: [controllerRef(run)],
    },
    spec: {
      ...(parts.credentials?.pullSecrets === undefined ? {} : { imagePullSecrets: parts.credentials.pullSecrets }),
      ...(template as Partial<Pod['spec']>),
      restartPolicy: 'Never',
      containers: [...steps.map((step, index) => stepOf(step, index, run)), ...sidecars.filter(isOnce)],
      ...(sidecars.every(isOnce) ? {} : { initContainers: sidecars.filter((sidecar) => !isOnce(sidecar)) }),
      ...(run.spec.serviceAccountName === undefined ? {} : { serviceAccountName: run.spec.serviceAccountName }),
      ...(all.length === 0 ? {} : { volumes: all }),
      ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
      ...(timeout > 0 ? { activeDeadlineSeconds: Math.ceil(timeout / 1000) } : {}),
    },
  };
}

interface Made {
  readonly spec: TaskSpec;
  readonly steps: readonly Step[];
  readonly order: object;
  readonly volumes: readonly Volume[];
}

/** The Pod of a Kf Task: nothing is mounted that the spec does not name. */
function bare(spec: TaskSpec): Made {
  const steps = spec.steps ?? [];
  return { spec, steps, order: bareOrder(steps), volumes: spec.volumes ?? [] };
}

const tektonVolumes = [
  { name: 'tekton-internal-workspace', emptyDir: {} },
  { name: 'tekton-internal', emptyDir: {} },
];
/** What other steps leave below /tekton/steps a step reads, and writes to its own folder only. */
const tektonMounts = (container: string): readonly VolumeMount[] => [
  { name: 'tekton-internal-workspace', mountPath: paths.workspace },
  { name: 'tekton-internal', mountPath: paths.tekton },
  { name: 'tekton-internal', mountPath: paths.run, subPath: 'run', readOnly: true },
  { name: 'tekton-internal', mountPath: paths.steps, subPath: 'steps', readOnly: true },
  { name: 'tekton-internal', mountPath: stepFolder(container), subPath: `steps/${container}` },
];

function complete(run: TaskRun, { spec: given, bindings = [], podTemplate, credentials }: PodParts): Made {
  const attempt = substituteDeep(given, new Map([[retryCount, String(attemptOf(run))]]));
  const mounted = mountWorkspaces(attempt, attempt.workspaces ?? [], bindings);
  const merged = (mounted.steps ?? []).map((step) => withTemplate(step, mounted.stepTemplate));
  const breakpoints = breakpointsOf(run);
  const sized = shareOut(withOverrides(merged, run.spec.stepSpecs), run.spec.computeResources);
  const steps = sized.map((step, index) => ({
    ...step,
    ...placed(step),
    volumeMounts: mountsOf(step, [
      ...tektonMounts(stepContainer(step, index)),
      ...(breakpoints === undefined ? [] : debugMounts(stepContainer(step, index), index)),
      ...(credentials?.mounts ?? []),
    ]),
    ...(podTemplate?.env === undefined ? {} : { env: overlaid(step.env, podTemplate.env) }),
  }));
  const spec = {
    ...mounted,
    ...(mounted.sidecars === undefined ? {} : { sidecars: withOverrides(mounted.sidecars, run.spec.sidecarSpecs) }),
  };
  const order = withDebug(run, startOrder(spec, steps, run.metadata.uid ?? ''), steps);
  return {
    spec,
    steps,
    order: withMemory(run, withCredentials(order, (credentials?.mounts.length ?? 0) > 0)),
    volumes: [
      ...tektonVolumes,
      ...(breakpoints === undefined ? [] : [debugVolume]),
      ...(credentials?.volumes ?? []),
      ...(mounted.volumes ?? []),
    ],
  };
}

function withDebug(run: TaskRun, order: StartOrder, steps: readonly Step[]): StartOrder {
  const breakpoints = breakpointsOf(run);
  if (breakpoints === undefined) return order;
  const debugged = steps.map((step, index) => {
    const container = stepContainer(step, index);
    const place = { index, name: step.name ?? '' };
    return [container, withBreakpoints(order[container] ?? {}, breakpoints, place)] as const;
  });
  return { ...order, ...Object.fromEntries(debugged) };
}

/** As Tekton does it: steps find them in their home, too; sidecars have none. */
const withCredentials = (order: StartOrder, given: boolean): StartOrder =>
  given
    ? Object.fromEntries(
        Object.entries(order).map(([name, entry]) => [
          name,
          isStep(name) ? { ...entry, homeFiles: paths.credentials } : entry,
        ]),
      )
    : order;

/** A request for the whole run is divided among the steps; each may use all of it, since one runs at a time. */
function withMemory({ spec: { computeResources = {} } }: TaskRun, order: StartOrder): StartOrder {
  const asked = computeResources.limits?.memory === undefined ? computeResources.requests?.memory : undefined;
  if (asked === undefined) return order;
  const memoryBytes = Math.ceil(quantityValue(asked));
  const entries = Object.entries(order).map(([name, entry]) => [
    name,
    isStep(name) ? { ...entry, memoryBytes } : entry,
  ]);
  return Object.fromEntries(entries);
}

/** A relative folder lies in /workspace. */
const placed = ({ workingDir }: Step): Pick<Step, 'workingDir'> =>
  workingDir === undefined || workingDir === '' ? {} : { workingDir: posix.resolve(paths.workspace, workingDir) };

/** The step's own mount at a path replaces ours. */
function mountsOf({ volumeMounts = [] }: Step, implicit: readonly VolumeMount[]): readonly VolumeMount[] {
  const taken = new Set(volumeMounts.map(({ mountPath }) => posix.resolve('/', mountPath)));
  return [...implicit.filter(({ mountPath }) => !taken.has(mountPath)), ...volumeMounts];
}

type Env = NonNullable<Step['env']>;
const overlaid = (env: Env | undefined, over: Env): Env => [
  ...(env ?? []).filter(({ name }) => over.every((variable) => variable.name !== name)),
  ...over,
];

/** One that is restarted when it ends is an init container to Kubernetes. */
const isOnce = (sidecar: Container): boolean => !isRestartable(sidecar);

/** What steps and sidecars have that containers have too. */
const containerFields = [
  'image',
  'imagePullPolicy',
  'command',
  'args',
  'workingDir',
  'env',
  'envFrom',
  'volumeMounts',
  'volumeDevices',
  'securityContext',
] as const;
const sidecarFields = [
  ...containerFields,
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'stdin',
  'stdinOnce',
  'tty',
  'restartPolicy',
] as const;

function pick(from: Step | Sidecar, fields: readonly string[]): Partial<Container> {
  const all = from as Readonly<Record<string, unknown>>;
  return Object.fromEntries(fields.filter((field) => all[field] !== undefined).map((field) => [field, all[field]]));
}

const stepOf = (step: Step, index: number, run: TaskRun): Container => ({
  name: stepContainer(step, index),
  ...pick(step, containerFields),
  ...scriptCommand(step, 'script', index, run),
  ...(step.computeResources === undefined ? {} : { resources: step.computeResources }),
});

const sidecarOf = (sidecar: Sidecar, index: number, run: TaskRun): Container => ({
  name: sidecarContainer(sidecar),
  ...pick(sidecar, sidecarFields),
  ...scriptCommand(sidecar, 'sidecar-script', index, run),
  ...(sidecar.computeResources === undefined ? {} : { resources: sidecar.computeResources }),
});

const scriptCommand = (
  { script }: Step | Sidecar,
  kind: 'script' | 'sidecar-script',
  index: number,
  run: TaskRun,
): Pick<Container, 'command'> =>
  script ? { command: [scriptFile(script, kind, index, run.metadata.uid ?? '').path] } : {};
