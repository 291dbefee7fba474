/** The environment of a Task, in Kf's order: Space, App, Task, system; the later one wins. Pure. */

import type { EnvVar } from '../../resources/core/pod.ts';
import type { App } from '../../resources/kf/app.ts';
import type { Space } from '../../resources/kf/space.ts';
import type { Task } from '../../resources/kf/task.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { injectedEnvSecretName } from '../app/injected-env.ts';

export function taskEnv(task: Task, app: App, space: Space | undefined, id: number): readonly EnvVar[] {
  const variables = new Map<string, EnvVar>();
  const own = [
    ...(space?.spec?.runtimeConfig?.env ?? []),
    ...(app.spec.template.spec.containers[0]?.env ?? []),
    ...(task.spec.env ?? []),
  ].map((variable: EnvVar) =>
    variable.value === undefined ? variable : { ...variable, value: unexpanded(variable.value) },
  );
  // LANG is a default that everyone may change; the rest of the system's variables are facts.
  for (const variable of [{ name: 'LANG', value: 'C.UTF-8' }, ...own, ...systemEnv(task, app, id)]) {
    variables.delete(variable.name);
    variables.set(variable.name, variable);
  }
  return [...variables.values()];
}

/** Kubernetes expands `$(VAR)` and `$$` in commands and values; what a person has written stays as it is. */
export const unexpanded = (value: string): string => value.replaceAll('$', '$$$$');

function systemEnv(task: Task, app: App, id: number): readonly EnvVar[] {
  return [
    fromField('CF_INSTANCE_IP', 'status.podIP'),
    text('CF_INSTANCE_INTERNAL_IP', '$(CF_INSTANCE_IP)'),
    text('VCAP_APP_HOST', '$(CF_INSTANCE_IP)'),
    text('CF_INSTANCE_PORT', '8080'),
    text('CF_INSTANCE_ADDR', '$(CF_INSTANCE_IP):$(CF_INSTANCE_PORT)'),
    fromField('CF_INSTANCE_GUID', 'metadata.uid'),
    text('INSTANCE_GUID', '$(CF_INSTANCE_GUID)'),
    inMebibytes('MEMORY_LIMIT_IN_MB', 'limits.memory'),
    inMebibytes('DISK_LIMIT', 'limits.ephemeral-storage'),
    text('MEMORY_LIMIT', '$(MEMORY_LIMIT_IN_MB)M'),
    text('VCAP_APPLICATION', vcapApplication(app)),
    fromSecret('VCAP_SERVICES', app, false),
    fromSecret('DATABASE_URL', app, true),
    text('KF_TASK_ID', String(id)),
    text('KF_TASK_NAME', task.metadata.name),
    text(attemptVariable, '1'),
    ...jobEnv(task),
  ];
}

/** The one variable in which a Task's attempts differ. */
export const attemptVariable = 'KF_TASK_ATTEMPT';

/** What a Task of a Job knows of it. */
function jobEnv({ metadata }: Task): readonly EnvVar[] {
  const job = metadata.labels?.[labels.jobOwner];
  const slot = metadata.annotations?.[annotations.scheduledTime];
  return [
    ...(job === undefined ? [] : [text('KF_JOB_NAME', job)]),
    ...(slot === undefined ? [] : [text('KF_SCHEDULED_TIME', slot)]),
  ];
}

const text = (name: string, value: string): EnvVar => ({ name, value });

const fromField = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const inMebibytes = (name: string, resource: string): EnvVar => ({
  name,
  valueFrom: { resourceFieldRef: { resource, divisor: '1Mi' } },
});

const fromSecret = (key: string, app: App, optional: boolean): EnvVar => ({
  name: key,
  valueFrom: { secretKeyRef: { name: injectedEnvSecretName(app.metadata.name), key, optional } },
});

/** Kf's keys; the limits are numbers, filled in by `$(…)` expansion at the start. */
function vcapApplication(app: App): string {
  const limits = '{"disk":$(DISK_LIMIT),"mem":$(MEMORY_LIMIT_IN_MB)}';
  const rest = {
    application_id: app.metadata.uid ?? '',
    application_name: app.metadata.name,
    application_uris: [],
    name: app.metadata.name,
    process_id: app.metadata.uid ?? '',
    process_type: 'web',
    space_name: app.metadata.namespace ?? '',
    uris: [],
  };
  return JSON.stringify(rest).replace(/^\{/, `{"limits":${limits},`);
}
