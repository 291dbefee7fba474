/** `kf space`: everything about one Space. */

import { conditionOf } from '../../resources/condition.ts';
import { formatDuration } from '../../resources/duration.ts';
import { App } from '../../resources/kf/app.ts';
import { Space } from '../../resources/kf/space.ts';
import { annotations } from '../../resources/labels.ts';
import type { Context } from '../context.ts';
import { count } from '../delete-object.ts';
import { notifiesText } from '../notify/notify-text.ts';
import { formatDescription, section } from '../output/describe.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { shown } from '../secrets.ts';
import { requireSpace } from './find-space.ts';

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
