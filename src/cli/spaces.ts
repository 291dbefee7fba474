/** `kf space`, `create-space`, `delete-space`. */

import { conditionOf, isFinal } from '../resources/condition.ts';
import { formatDuration } from '../resources/duration.ts';
import { App } from '../resources/kf/app.ts';
import { Space } from '../resources/kf/space.ts';
import { Task } from '../resources/kf/task.ts';
import { TaskSchedule } from '../resources/kf/task-schedule.ts';
import { annotations } from '../resources/labels.ts';
import { isAlreadyExists } from '../resources/status.ts';
import { requireSpace } from './apps.ts';
import type { Context } from './context.ts';
import { count, type DeleteFlags, deleteAndWait } from './delete-object.ts';
import { CliError, messageOf } from './errors.ts';
import { objectName, type Variable } from './flags.ts';
import { notifiesText } from './notify/notify-text.ts';
import { formatDescription, section } from './output/describe.ts';
import { formatObject, type OutputFormat } from './output/objects.ts';
import { formatTable } from './output/table.ts';
import { formatTips } from './output/tips.ts';
import { shown } from './secrets.ts';
import { serverFlags } from './tip-flags.ts';
import { waitFor } from './wait/observe.ts';

export interface CreateSpaceFlags {
  readonly runEnv?: readonly Variable[];
  readonly stageEnv?: readonly Variable[];
  readonly containerRegistry?: string;
  readonly buildServiceAccount?: string;
  readonly domain?: readonly string[];
}

export async function describeSpace(
  context: Context,
  name: string,
  { output, show }: { readonly output?: OutputFormat; readonly show: boolean },
): Promise<void> {
  context.dataOnly = output !== undefined;
  const client = await context.client();
  const space = await requireSpace({ client, space: name });
  if (output !== undefined) return context.io.out(await formatObject(output, Space, space));
  const apps = await client.list(App, { namespace: name });
  const { runtimeConfig, buildConfig, networkConfig, taskConfig } = space.spec ?? {};
  const ready = conditionOf(space, 'Ready');
  context.io.note(`Getting Space ${name}`);
  await context.io.out(
    formatDescription([
      ['Name', name],
      ['Created', space.metadata.creationTimestamp],
      ['Created By', space.metadata.annotations?.[annotations.createdBy]],
      ['Ready', ready?.status ?? 'Unknown'],
      ['Reason', ready?.reason],
      ['Message', ready?.message],
      ['Apps', apps.items.length],
      ['Grace Period', formatDuration((runtimeConfig?.terminationGracePeriodSeconds ?? 10) * 1000)],
      ['Time Zone', taskConfig?.timeZone ?? 'UTC'],
      ['Task Retention', retentionText(taskConfig?.retention)],
      ['Build Retention', buildRetentionText(buildConfig?.retention?.maxBuilds)],
      ['Task Limits', limitsText(taskConfig?.limits)],
      ['Egress Policy', networkConfig?.appNetworkPolicy?.egress ?? 'PermitAll'],
      ['Build Egress Policy', networkConfig?.buildNetworkPolicy?.egress],
      ['Notifies', notifiesText(taskConfig?.notify)],
      ['Allowed Host Ports', taskConfig?.allowedHostPorts?.join(', ') || undefined],
      [
        'Run Environment',
        section((runtimeConfig?.env ?? []).map(({ name: key, value = '' }) => [key, shown(key, value, show)] as const)),
      ],
      [
        'Build Environment',
        section((buildConfig?.env ?? []).map(({ name: key, value = '' }) => [key, shown(key, value, show)] as const)),
      ],
      ['Container Registry', buildConfig?.containerRegistry],
    ]),
  );
}

type TaskConfig = NonNullable<NonNullable<Space['spec']>['taskConfig']>;

function retentionText({ maxTasks, perJobMin }: TaskConfig['retention'] = {}): string | undefined {
  if (maxTasks === undefined && perJobMin === undefined) return undefined;
  const perJob = perJobMin === undefined ? '' : `, at least ${perJobMin} of every Job`;
  return `${maxTasks ?? 500} per App${perJob}`;
}

const buildRetentionText = (maxBuilds: number | undefined): string | undefined =>
  maxBuilds === undefined ? undefined : `${maxBuilds} per App`;

function limitsText({ memory, cpu, tasks }: TaskConfig['limits'] = {}): string | undefined {
  const parts = [
    memory === undefined ? '' : `${memory} of memory`,
    cpu === undefined ? '' : `${cpu} cores`,
    tasks === undefined ? '' : count(tasks, 'Task'),
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : `${parts.join(', ')} at a time`;
}

export async function createSpaceAction(context: Context, name: string, wanted: CreateSpaceFlags): Promise<void> {
  const { io } = context;
  checkName(name);
  const { client } = await context.changing(name);
  const created = await client.create(Space, { metadata: { name }, spec: specOf(wanted) }).catch((error) => {
    if (!isAlreadyExists(error)) throw error;
    throw new CliError(error.message, {
      tips: [
        { description: 'Work in it', command: `kf target ${name}` },
        { description: 'Show it', command: `kf space ${name}` },
      ],
    });
  });
  await io.out('Space requested, waiting for subcomponents to be created\n');
  const ready = await waitFor(context, Space, { name }, isFinal, { from: created });
  if (ready === undefined) throw new CliError(`Space "${name}" was deleted`);
  const condition = conditionOf(ready, 'Ready');
  if (condition?.status !== 'True')
    throw new CliError(
      `checking Ready failed, status: False message: ${condition?.message} reason: ${condition?.reason}`,
    );
  await io.out('Space created\n');
  await io.out(conditionsTable(ready));
  const flags = serverFlags(context.flags);
  const tips = [
    { description: 'Target the Space', command: `kf target ${name}${flags}` },
    { description: 'Describe it', command: `kf space ${name}${flags}` },
  ];
  for (const line of formatTips(tips)) io.note(line);
}

function checkName(name: string): void {
  try {
    objectName(name);
  } catch (error) {
    throw new CliError(messageOf(error));
  }
}

function specOf({ runEnv, stageEnv, containerRegistry, buildServiceAccount, domain }: CreateSpaceFlags): Space['spec'] {
  const buildConfig = {
    ...(stageEnv === undefined ? {} : { env: stageEnv }),
    ...(containerRegistry === undefined ? {} : { containerRegistry }),
    ...(buildServiceAccount === undefined ? {} : { serviceAccount: buildServiceAccount }),
  };
  return {
    ...(runEnv === undefined ? {} : { runtimeConfig: { env: runEnv } }),
    ...(Object.keys(buildConfig).length === 0 ? {} : { buildConfig }),
    ...(domain === undefined ? {} : { networkConfig: { domains: domain.map((one) => ({ domain: one })) } }),
  };
}

function conditionsTable(space: Space): string {
  const rows = (space.status?.conditions ?? []).map(({ type, status, lastTransitionTime, message, reason }) => [
    type,
    status,
    lastTransitionTime,
    message ?? '',
    reason ?? '',
  ]);
  return formatTable(['Type', 'Status', 'Updated', 'Message', 'Reason'], rows);
}

export async function deleteSpaceAction(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const { io } = context;
  const session = { ...(await context.changing(name)), space: name };
  await requireSpace(session);
  const [apps, jobs, tasks] = await Promise.all([
    session.client.list(App, { namespace: name }),
    session.client.list(TaskSchedule, { namespace: name }),
    session.client.list(Task, { namespace: name }),
  ]);
  const unfinished = tasks.items.filter((task) => !isFinal(task)).length;
  io.note(`Deleting Space "${name}"`);
  const withJobs = jobs.items.length === 0 ? ' and' : `, ${count(jobs.items.length, 'Job')} and`;
  if (apps.items.length + jobs.items.length + tasks.items.length > 0)
    io.note(
      `${count(apps.items.length, 'App')}${withJobs} ${count(tasks.items.length, 'Task')}, ${unfinished} unfinished, go with it.`,
    );
  await deleteAndWait(context, session, { kind: Space, ref: { name }, ...flags });
}
