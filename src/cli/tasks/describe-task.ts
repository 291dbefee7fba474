/** `kf task`: everything about one Task. */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { Pod, type ResourceRequirements } from '../../resources/core/pod.ts';
import { withoutEmpty } from '../../resources/json.ts';
import { App } from '../../resources/kf/app.ts';
import { Task } from '../../resources/kf/task.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { formatBytes, quantityValue } from '../../resources/quantity.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { Context } from '../context.ts';
import { limitingPolicies } from '../network-policies/limits.ts';
import { type Description, formatDescription, section } from '../output/describe.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { formatTips, quote } from '../output/tips.ts';
import { tipFlags } from '../tip-flags.ts';
import { patiently } from '../wait/patience.ts';
import { findTask } from './find-task.ts';
import { exitCodeText, outcomeOf, progressOf } from './outcome.ts';
import { attemptLines, timelineOf } from './task-timeline.ts';

export async function describeTask(context: Context, args: readonly string[], output?: OutputFormat): Promise<void> {
  if (output !== undefined) context.dataOnly = true;
  const space = await context.space();
  const [task, more] = await patiently(context, async (client) => {
    const found = await findTask({ client, space }, args);
    return [found, output === undefined ? await lookCloser(client, found) : {}] as const;
  });
  if (output !== undefined) return context.io.out(await formatObject(output, Task, task));
  context.io.note(`Getting Task ${task.metadata.name} in Space: ${space}`);
  await context.io.out(formatDescription(describe(task, more)));
  const flags = tipFlags(context.flags, space);
  const logs = { description: 'View Task logs', command: `kf logs ${task.metadata.name}${flags}` };
  const terminate = { description: 'Terminate the Task', command: `kf terminate-task ${task.metadata.name}${flags}` };
  for (const line of formatTips(isFinal(task) ? [logs] : [logs, terminate])) context.io.note(line);
}

/** What says more of a Task than the Task itself. */
interface More {
  /** Holds what it was really started with; absent before that. */
  readonly run?: PipelineRun;
  readonly pod?: Pod;
  /** What it will be started with; looked for before that only. */
  readonly app?: App;
  /** Names of the network policies that hold for it. */
  readonly limitedBy?: readonly string[];
}

async function lookCloser(client: Client, task: Task): Promise<More> {
  const { metadata, spec, status = {} } = task;
  const { namespace } = metadata;
  const at = (name: string) => ({ ...(namespace === undefined ? {} : { namespace }), name });
  const { pipelineRunName, podName } = status;
  const [run, pod, app, policies] = await Promise.all([
    pipelineRunName === undefined ? undefined : getIfExists(client, PipelineRun, at(pipelineRunName)),
    podName === undefined ? undefined : getIfExists(client, Pod, at(podName)),
    pipelineRunName === undefined ? getIfExists(client, App, at(spec.appRef.name)) : undefined,
    client.list(NetworkPolicy, withoutEmpty({ namespace })),
  ]);
  return { ...withoutEmpty({ run, pod, app }), limitedBy: limitingPolicies(task, pod, policies.items) };
}

export function describe(task: Task, { run, pod, app, limitedBy = [] }: More = {}): Description {
  const { metadata, spec, status = {} } = task;
  const condition = conditionOf(task, 'Succeeded');
  const final = isFinal(task);
  const step = run?.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0];
  const state = final
    ? outcomeOf(task).text.slice(`Task ${metadata.name} `.length)
    : progressOf(task).replace(/^is /, '');
  return [
    ['Name', metadata.name],
    ['ID', status.id],
    ['Display Name', spec.displayName === metadata.name ? undefined : spec.displayName],
    ['App', spec.appRef.name],
    ['Space', metadata.namespace],
    ['State', capitalised(state)],
    ['Succeeded', condition?.status ?? 'Unknown'],
    ['Reason', condition?.reason],
    ['Message', condition?.message ?? status.message],
    ['Exit Code', status.exitCode === undefined ? undefined : exitCodeText(status.exitCode).replace('exit code ', '')],
    ['Command', commandOf(task, step)],
    ['Image', status.image ?? imageToCome(task, app)],
    ['Services', (status.services ?? servicesToCome(task, app)).join(', ') || undefined],
    ['Network', limitedBy.length === 0 ? undefined : `limited by ${limitedBy.join(', ')}; see kf network-policies`],
    ['Environment', spec.env?.map(({ name }) => name).join(', ')],
    ['Created By', metadata.annotations?.[annotations.createdBy]],
    ['Changed By', metadata.annotations?.[annotations.changedBy]],
    ['Job', metadata.labels?.[labels.jobOwner]],
    ['Scheduled For', metadata.annotations?.[annotations.scheduledTime]],
    ['Attempts', section(attemptLines(task))],
    ['Timeline', section(timelineOf(task, pod))],
    ['Limits', section(limitsOf(task, step?.computeResources ?? appResources(app)))],
    ['Usage', section(usageOf(task, step?.computeResources ?? appResources(app)))],
    ['PipelineRun', status.pipelineRunName],
    ['Pod', status.podName],
  ];
}

const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

interface Step {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** The line as it was typed, or the argv in a form that a shell would take. */
function commandOf({ spec }: Task, step: Step | undefined): string | undefined {
  const args = spec.args?.map(quote).join(' ');
  if (spec.command) return args ? `${spec.command}  (with arguments: ${args})` : spec.command;
  if (args) return args;
  const argv = [...(step?.command ?? []), ...(step?.args ?? [])];
  if (argv[0] === '/bin/sh' && argv[1] === '-c' && argv.length === 3) return argv[2];
  return argv.length > 0 ? argv.map(quote).join(' ') : undefined;
}

/** A Task that waits takes what is newest when it starts. */
function imageToCome(task: Task, app: App | undefined): string | undefined {
  if (app === undefined || isFinal(task)) return undefined;
  const now = app.status?.image;
  return `the newest of App ${app.metadata.name} at the start${now === undefined ? '' : `; now ${now}`}`;
}

function servicesToCome(task: Task, app: App | undefined): readonly string[] {
  return isFinal(task) ? [] : (app?.status?.serviceBindings ?? []).map(({ instance }) => instance);
}

const appResources = (app: App | undefined): ResourceRequirements | undefined =>
  app?.spec.template.spec.containers[0]?.resources;

function limitsOf({ spec }: Task, resources: ResourceRequirements | undefined): Description {
  const limits = resources?.limits ?? {};
  const cpu = spec.cpu || limits.cpu;
  return [
    ['Memory', text(spec.memory || limits.memory)],
    ['Disk', text(spec.disk || limits['ephemeral-storage'])],
    ['CPU', resources === undefined && cpu === undefined ? undefined : text(cpu ?? 'no limit')],
    ['Timeout', spec.timeout ?? 'none'],
    ['Retries', spec.retries],
    ['Retry Delay', spec.retries === undefined ? undefined : (spec.retryDelay ?? '10s')],
    ['Grace Period', spec.gracePeriodSeconds === undefined ? undefined : `${spec.gracePeriodSeconds}s`],
  ];
}

const text = (value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

/** Says that a disk had no room left: programs that fail of it seldom say so in their exit code. */
const fullness = (bytes: number, limit: string | undefined): string =>
  limit !== undefined && bytes >= 0.99 * quantityValue(limit) ? `, full: the limit is ${limit}` : '';

function usageOf({ spec, status }: Task, resources: ResourceRequirements | undefined): Description {
  const { memoryPeakBytes, cpuMilliseconds, diskBytes } = status?.usage ?? {};
  const disk = text(spec.disk || resources?.limits?.['ephemeral-storage']);
  return [
    ['Memory Peak', memoryPeakBytes === undefined ? undefined : formatBytes(memoryPeakBytes)],
    ['CPU Time', cpuMilliseconds === undefined ? undefined : `${(cpuMilliseconds / 1000).toFixed(2)}s`],
    ['Disk', diskBytes === undefined ? undefined : formatBytes(diskBytes) + fullness(diskBytes, disk)],
  ];
}
