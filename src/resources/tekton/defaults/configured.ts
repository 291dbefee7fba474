/**
 * What the server's settings `tekton.*` fill in of new runs, as the ConfigMap `config-defaults` of stock Tekton. Kf's own runs
 * have all they need. Pure.
 */

import type { ResourceRequirements } from '../../core/pod.ts';
import type { KubeObject } from '../../meta.ts';
import { isKfsOwn } from '../kfs-own.ts';
import { PipelineRun } from '../pipeline-run.ts';
import type { PodTemplate } from '../pod-template.ts';
import type { SettingsRules } from '../settings-rules.ts';
import { TaskRun } from '../task-run.ts';
import type { TaskSpec } from '../task-spec.ts';
import type { WorkspaceBinding } from '../workspace.ts';
import { withDefaultResolver } from './default-resolver.ts';
import { refuseForbiddenEnv } from './forbidden-env.ts';

export interface RunDefaults extends SettingsRules {
  /** Go duration; `default-timeout-minutes`. */
  readonly timeout: string;
  /** `default-service-account`. */
  readonly serviceAccount: string;
  /** `default-pod-template`. */
  readonly podTemplate?: PodTemplate;
  /** `default-task-run-workspace-binding`. */
  readonly workspaceBinding?: Omit<WorkspaceBinding, 'name'>;
  /** `default-resolver-type`. */
  readonly resolver?: string;
  /** `default-forbidden-env`. */
  readonly forbiddenEnv?: readonly string[];
  /** `default-container-resource-requirements`. */
  readonly resources?: Readonly<Record<string, ResourceRequirements>>;
  /** Milliseconds; `default-imagepullbackoff-timeout`. Default: none. */
  readonly imagePullBackOffTimeout?: number;
  /** Whether steps have what their ServiceAccount names; not so by `disable-creds-init`. Default: yes. */
  readonly credentials?: boolean;
}

interface KindName {
  readonly group: string;
  readonly kind: string;
}

const is = (one: KindName, other: KindName): boolean => one.kind === other.kind && one.group === other.group;

/**
 * A new object, before anything else is filled in; whatever it says itself stays.
 * @throws StatusError for a run that sets what is forbidden
 */
export function withRunDefaults<T extends object>(kind: KindName, given: T, defaults: RunDefaults): T {
  const object = withDefaultResolver(kind, given, defaults.resolver);
  const isTaskRun = is(kind, TaskRun);
  if (!isTaskRun && !is(kind, PipelineRun)) return object;
  const run = object as unknown as KubeObject & { readonly spec?: unknown };
  // What is no object the schema refuses.
  if (typeof run.spec !== 'object' || run.spec === null || isKfsOwn(run)) return object;
  refuseForbiddenEnv(run.spec, defaults);
  const spec = isTaskRun
    ? ofTaskRun(run.spec as Partial<TaskRun['spec']>, defaults)
    : ofPipelineRun(run.spec as Partial<PipelineRun['spec']>, defaults);
  return { ...object, spec };
}

function ofTaskRun(spec: Partial<TaskRun['spec']>, { timeout, serviceAccount, podTemplate }: RunDefaults) {
  return {
    ...spec,
    timeout: spec.timeout ?? timeout,
    serviceAccountName: spec.serviceAccountName || serviceAccount,
    ...(podTemplate === undefined ? {} : { podTemplate: mergedPodTemplates(podTemplate, spec.podTemplate) }),
  };
}

function ofPipelineRun(spec: Partial<PipelineRun['spec']>, { timeout, serviceAccount, podTemplate }: RunDefaults) {
  const { timeouts, taskRunTemplate: own } = spec;
  return {
    ...spec,
    timeouts: { ...timeouts, pipeline: timeouts?.pipeline ?? timeout },
    taskRunTemplate: {
      ...own,
      serviceAccountName: own?.serviceAccountName || serviceAccount,
      ...(podTemplate === undefined ? {} : { podTemplate: mergedPodTemplates(podTemplate, own?.podTemplate) }),
    },
  };
}

/** What is said of less wins over what is said of more; variables and volumes are joined by their names. */
export function mergedPodTemplates(all: PodTemplate | undefined, own: PodTemplate | undefined): PodTemplate {
  const env = joined(all?.env, own?.env);
  const volumes = joined(all?.volumes, own?.volumes);
  const said = Object.entries(own ?? {}).filter(([, value]) => value !== '');
  return {
    ...all,
    ...Object.fromEntries(said),
    ...(env === undefined ? {} : { env }),
    ...(volumes === undefined ? {} : { volumes }),
    ...(all?.hostNetwork === true ? { hostNetwork: true } : {}),
  };
}

function joined<T extends { readonly name?: string }>(
  all: readonly T[] | undefined,
  own: readonly T[] | undefined,
): readonly T[] | undefined {
  if (all === undefined || own === undefined) return own ?? all;
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...all.filter(({ name }) => !names.has(name))];
}

/** The run with the default binding of the workspaces that its Task wants and it does not give. */
export function withDefaultBindings(
  run: TaskRun,
  { workspaces = [] }: TaskSpec,
  binding: RunDefaults['workspaceBinding'],
): TaskRun {
  if (binding === undefined || workspaces.length === 0 || isKfsOwn(run)) return run;
  const given = run.spec.workspaces ?? [];
  const bound = new Set(given.map(({ name }) => name));
  const missing = workspaces.filter(({ name, optional }) => optional !== true && !bound.has(name));
  if (missing.length === 0) return run;
  const added = missing.map(({ name }) => ({ ...binding, name }));
  return { ...run, spec: { ...run.spec, workspaces: [...given, ...added] } };
}
