/** `kf app`: everything about one App. */

import { conditionOf } from '../../resources/condition.ts';
import type { App } from '../../resources/kf/app.ts';
import { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { buildFailedTips } from '../builds/build-tips.ts';
import { listStacks } from '../builds/stacks.ts';
import type { Context, Session } from '../context.ts';
import { count } from '../delete-object.ts';
import { jobsOf } from '../jobs/find-job.ts';
import { schedulesText } from '../jobs/schedules.ts';
import { type Description, formatDescription, section } from '../output/describe.ts';
import { formatTips } from '../output/tips.ts';
import { startCommandText } from '../push/app-spec.ts';
import { shown } from '../secrets.ts';
import { tipFlags } from '../tip-flags.ts';

export async function describeApp(context: Context, session: Session, app: App, show: boolean): Promise<void> {
  const { client, space } = session;
  const { name } = app.metadata;
  const [stacks, tasks, jobs] = await Promise.all([
    listStacks(client),
    client.list(Task, { namespace: space, labelSelector: `${labels.appName}=${name}`, unfinishedOnly: true }),
    jobsOf(session, name),
  ]);
  const now = stacks.find((stack) => stack.name === app.status?.stack?.name)?.fingerprint;
  const unfinished = tasks.items.filter(
    (task) => !['True', 'False'].includes(conditionOf(task, 'Succeeded')?.status ?? ''),
  );
  context.io.note(`Getting App ${name} in Space: ${space}`);
  await context.io.out(formatDescription(describe(app, { stackNow: now, unfinished: unfinished.length, jobs, show })));
  const flags = tipFlags(context.flags, space);
  for (const line of formatTips([
    ...(conditionOf(app, 'BuildReady')?.status === 'False' ? buildFailedTips(app, flags) : []),
    { description: "List App's Tasks", command: `kf tasks ${name}${flags}` },
    { description: 'Show its environment', command: `kf env ${name}${flags}` },
  ]))
    context.io.note(line);
}

interface More {
  /** The stack's fingerprint as it is now. */
  readonly stackNow: string | undefined;
  /** Number of Tasks that have not ended. */
  readonly unfinished: number;
  readonly jobs: readonly TaskSchedule[];
  /** Whether secrets are printed. */
  readonly show: boolean;
}

function describe(app: App, { stackNow, unfinished, jobs, show }: More): Description {
  const { metadata, spec, status = {} } = app;
  const container = spec.template.spec.containers[0];
  const ready = conditionOf(app, 'Ready');
  const { requests = {}, limits = {} } = container?.resources ?? {};
  const fingerprint = status.stack?.fingerprint;
  const changed = fingerprint !== undefined && stackNow !== undefined && fingerprint !== stackNow;
  return [
    ['Name', metadata.name],
    ['Space', metadata.namespace],
    ['Created', metadata.creationTimestamp],
    ['Created By', metadata.annotations?.[annotations.createdBy]],
    ['Changed By', metadata.annotations?.[annotations.changedBy]],
    ['Instances', status.instances?.representation ?? (spec.instances?.stopped ? 'stopped' : undefined)],
    ['Routes', ''],
    ['Start Command', startCommandText(app)],
    ['Ready', ready?.status ?? 'Unknown'],
    ['Reason', ready?.reason],
    ['Message', ready?.message],
    ['Image', status.image],
    [
      'Build',
      section([
        ['Latest', status.latestBuild],
        ['Latest Ready', status.latestReadyBuild],
      ]),
    ],
    [
      'Stack',
      section([
        ['Name', status.stack?.name],
        ['Built On', fingerprint],
        ['Now', changed ? `${stackNow} (the machine has changed since the build: push again)` : undefined],
      ]),
    ],
    [
      'Limits of a Task',
      section([
        ['Memory', text(limits.memory)],
        ['Disk', text(limits['ephemeral-storage'])],
        ['CPU', text(limits.cpu ?? `no limit (request ${requests.cpu ?? '100m'})`)],
      ]),
    ],
    [
      'Environment',
      section((container?.env ?? []).map(({ name, value = '' }) => [name, shown(name, value, show)] as const)),
    ],
    [
      'Services',
      section((status.serviceBindings ?? []).map(({ instance }) => [instance, mountOf(app, instance)] as const)),
    ],
    [
      'Tasks',
      section([
        ['Last ID', status.tasks?.updateRequests],
        ['Unfinished', count(unfinished, 'Task')],
      ]),
    ],
    ['Jobs', section(jobs.map((job) => [job.metadata.name, schedulesText(job)] as const))],
  ];
}

/** Where a volume appears; of other services, that they are there. */
function mountOf({ status }: App, instance: string): string {
  const volume = status?.volumes?.find(({ name }) => name === instance);
  if (volume === undefined) return 'in VCAP_SERVICES';
  return `${volume.mountPath}${volume.readOnly ? ' (read-only)' : ''}`;
}

const text = (value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : String(value);
