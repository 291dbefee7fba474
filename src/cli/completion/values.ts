/** What may stand for a placeholder of a usage or a flag: `APP_NAME`, `FILE`, `PermitAll|DenyAll`. */

import type { AnyKind } from '../../client/client.ts';
import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { Hook } from '../../resources/kf/hook.ts';
import { schedulesOf } from '../../resources/kf/job-schedules.ts';
import { LogSink } from '../../resources/kf/log-sink.ts';
import { notifyEvents } from '../../resources/kf/notify.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { Space } from '../../resources/kf/space.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { settingNames, settingOf } from '../../resources/server-config/settings.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { Context } from '../context.ts';
import { unsettable } from '../jobs/unset.ts';
import { taskStates } from '../tasks/task-state.ts';
import { shells } from './scripts.ts';

export interface Value {
  readonly value: string;
  readonly description?: string;
}

/** Values; or that the shell completes names of files itself. */
export type Completions = readonly Value[] | 'files' | 'dirs';

export interface Place {
  /** The command's words, like `configure-space set-env`. */
  readonly command: string;
  readonly placeholder: string;
  /** Words of the command before this one, without flags. */
  readonly before: readonly string[];
  /** Absent for a word of the command itself. */
  readonly flag?: string;
}

/** What a `create-…` command gives a name to is new: nothing completes it. */
const isNew = ({ command, placeholder, flag }: Place): boolean =>
  flag === undefined &&
  /^create-/.test(command) &&
  !(placeholder === 'APP_NAME' || (placeholder === 'JOB_NAME' && command === 'create-hook'));

const fixed: Readonly<Record<string, () => readonly string[]>> = {
  SETTING: () => settingNames,
  ZONE: () => ['UTC', ...Intl.supportedValuesOf('timeZone')],
  POLICY: () => ['Always', 'Forbid', 'Replace'],
  STATE: () => [...taskStates, 'unfinished', 'finished'],
  EVENTS: () => notifyEvents,
  FLAG: () => unsettable,
  SHELL: () => shells,
  SERVICE: () => ['volume'],
  SCHEDULE: () => ['@hourly', '@daily', '@weekly', '@monthly', '@yearly'],
};

const named: Readonly<Record<string, AnyKind>> = {
  APP_NAME: App,
  APP: App,
  JOB_NAME: TaskSchedule,
  JOB: TaskSchedule,
  SPACE: Space,
  SPACE_NAME: Space,
  TASK_NAME: Task,
  BUILD_NAME: Build,
  HOOK_NAME: Hook,
  SERVICE_NAME: ServiceInstance,
  PIPELINERUN_NAME: PipelineRun,
};

/** Kinds that a command calls NAME. */
const namesOf: readonly (readonly [command: RegExp, kind: AnyKind])[] = [
  [/network-policy$/, NetworkPolicy],
  [/log-sink$/, LogSink],
];

export async function valuesFor(place: Place, context: Context): Promise<Completions> {
  const { placeholder, command, flag } = place;
  if (/^(FILE|PATH|DESTINATION)$/.test(placeholder)) return 'files';
  if (/^DIR(ECTORY)?$/.test(placeholder)) return 'dirs';
  if (isNew(place)) return [];
  if (fixed[placeholder] !== undefined) return described(placeholder, fixed[placeholder]());
  if (/^[A-Z][a-z]+\w*(\|[A-Z][a-z]+\w*)+$/.test(placeholder))
    return placeholder.split('|').map((value) => ({ value }));
  if (placeholder === 'TASK_ID') return taskIds(context, place.before[0]!);
  if (placeholder === 'SERVICE_NAME:PATH')
    return (await names(context, ServiceInstance)).map((one) => ({ ...one, value: `${one.value}:` }));
  if (placeholder === 'ID|NAME') return names(context, Task);
  if (placeholder === 'SCHEDULE_ID') return scheduleIds(context, place.before[0]!);
  if (command === 'unset-env' && placeholder === 'NAME') return variables(context, place.before[0]!);
  if (placeholder === 'SPACE,...') return names(context, Space);
  if (flag === 'stack') return [{ value: 'host' }];
  if (flag === 'app') return names(context, App);
  if (flag === 'service') return names(context, ServiceInstance);
  const kind =
    named[placeholder] ?? (placeholder === 'NAME' ? namesOf.find(([form]) => form.test(command))?.[1] : undefined);
  return kind === undefined ? [] : names(context, kind, /^terminate-/.test(command));
}

const described = (placeholder: string, values: readonly string[]): readonly Value[] =>
  values.map((value) =>
    placeholder === 'SETTING' ? { value, description: settingOf(value as never).type.name } : { value },
  );

/** As tables: bodies of ten thousand Tasks take seconds. */
async function names(context: Context, kind: AnyKind, unfinishedOnly = false): Promise<readonly Value[]> {
  const client = await context.connection({ mayStart: false });
  const options = kind.scope === 'Namespaced' ? { namespace: await context.space() } : {};
  if (!unfinishedOnly) {
    const { rows } = await client.table(kind, options);
    return rows.map(({ object: { metadata } }) => ({ value: metadata.name, ...ofApp(metadata) }));
  }
  const { items } = await client.list(kind, { ...options, unfinishedOnly });
  return items
    .filter((one: KubeObject) => kind.finished?.(one) !== true)
    .map(({ metadata }: KubeObject) => ({ value: metadata.name, ...ofApp(metadata) }));
}

function ofApp({ labels: own }: KubeObject['metadata']): Pick<Value, 'description'> {
  const app = own?.[labels.component] === 'task' ? own[labels.appName] : undefined;
  return app === undefined ? {} : { description: `of App ${app}` };
}

async function taskIds(context: Context, app: string): Promise<readonly Value[]> {
  const client = await context.connection({ mayStart: false });
  const labelSelector = `${labels.appName}=${app}`;
  const { columnDefinitions, rows } = await client.table(Task, { namespace: await context.space(), labelSelector });
  const id = columnDefinitions.findIndex(({ name }) => name === 'ID');
  return rows
    .map(({ cells, object }) => ({ value: String(cells[id] ?? ''), description: object.metadata.name }))
    .filter(({ value }) => /^\d+$/.test(value));
}

async function scheduleIds(context: Context, job: string): Promise<readonly Value[]> {
  const client = await context.connection({ mayStart: false });
  const found = await client.get(TaskSchedule, { namespace: await context.space(), name: job });
  return schedulesOf(found).map(({ id, expression }) => ({ value: String(id), description: expression }));
}

async function variables(context: Context, app: string): Promise<readonly Value[]> {
  const client = await context.connection({ mayStart: false });
  const { spec } = await client.get(App, { namespace: await context.space(), name: app });
  return (spec.template.spec.containers[0]?.env ?? []).map(({ name }) => ({ value: name }));
}
