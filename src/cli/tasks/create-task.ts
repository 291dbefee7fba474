/** Creates a Task: once, also when the answer to the first attempt got lost. */

import { createHash, randomUUID } from 'node:crypto';
import { conditionOf } from '../../resources/condition.ts';
import type { App } from '../../resources/kf/app.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { randomName } from '../../resources/names.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import { getApp } from '../apps.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Variable } from '../flags.ts';
import { tipFlags } from '../tip-flags.ts';
import { Patience, patiently } from '../wait/patience.ts';

export interface TaskRequest {
  readonly app: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly displayName?: string;
  /** Quantities. */
  readonly memory?: string;
  readonly disk?: string;
  readonly cpu?: string;
  readonly env?: readonly Variable[];
  /** Go duration. */
  readonly timeout?: string;
  readonly gracePeriodSeconds?: number;
  /** The first Task with this key on the App is the only one. */
  readonly once?: string;
}

export interface CreatedTask {
  readonly task: Task;
  /** Whether an earlier `--once` made it. */
  readonly existed: boolean;
}

/** Marks whose create it was, so that a repeated one finds its own Task. */
const requestAnnotation = 'kf.dev/request';
/** Milliseconds for which a create is tried while the server is away. */
const createPatience = 10_000;

/** @throws CliError, StatusError */
export async function createTask(context: Context, request: TaskRequest): Promise<CreatedTask> {
  const session = await context.changing();
  const app = await getApp(session, request.app, 'failed to run-task on App: ');
  checkRunnable(app, request, tipFlags(context.flags, session.space));
  const requestId = randomUUID();
  const patience = new Patience(context, createPatience);
  let name = request.once === undefined ? randomName(`${request.app}-`) : onceName(app, request.once);
  for (;;) {
    try {
      const client = await context.client({ mayStart: false });
      return { task: await client.create(Task, draftOf(app, name, request, requestId)), existed: false };
    } catch (error) {
      if (!isAlreadyExists(error)) {
        await patience.bear(error);
        continue;
      }
      const ref = { namespace: session.space, name };
      const task = await patiently(context, (client) => client.get(Task, ref));
      const isOurs = task.metadata.annotations?.[requestAnnotation] === requestId;
      if (isOurs || request.once !== undefined) return { task, existed: !isOurs };
      name = randomName(`${request.app}-`);
    }
  }
}

/**
 * @param flags for commands that are printed
 * @throws CliError when it is known already that nothing can run
 */
function checkRunnable(app: App, request: TaskRequest, flags: string): void {
  const { name, deletionTimestamp } = app.metadata;
  if (deletionTimestamp !== undefined) throw new CliError(`failed to run-task on App: App "${name}" is being deleted`);
  const build = conditionOf(app, 'BuildReady');
  const isCurrent = app.status?.observedGeneration === app.metadata.generation;
  if (app.status?.image === undefined && build?.status === 'False' && isCurrent)
    throw new CliError(
      `failed to run-task on App: the first build of App "${name}" failed: ${build.message ?? build.reason}`,
      {
        tips: [
          { description: 'See why', command: `kf build-logs ${app.status?.latestBuild ?? name}${flags}` },
          { description: 'Push again', command: `kf push ${name} --task${flags}` },
        ],
      },
    );
  const container = app.spec.template.spec.containers[0];
  const given = request.command || request.args?.length || container?.args?.length || container?.command?.length;
  // Until the first build has ended, its start command is not known.
  const mayComeFromImage =
    app.status?.image === undefined || app.spec.build.image !== undefined || app.status.startCommands?.image?.length;
  if (!given && !mayComeFromImage)
    throw new CliError('Start command not found on App or Task', {
      tips: [{ description: 'Give a command', command: `kf run-task ${name} -c COMMAND${flags}` }],
    });
}

/** The same for every call with the same key on the same App. */
function onceName(app: App, key: string): string {
  return `${app.metadata.name.slice(0, 46)}-once-${onceHash(app, key).slice(0, 10)}`;
}

const onceHash = (app: App, key: string): string =>
  createHash('sha256').update(`${app.metadata.uid}\0${key}`).digest('hex').slice(0, 40);

function draftOf(app: App, name: string, request: TaskRequest, requestId: string) {
  const { displayName, memory, disk, cpu, command, args, env, timeout, gracePeriodSeconds } = request;
  const spec = { displayName, memory, disk, cpu, command, args, env, timeout, gracePeriodSeconds };
  const given = Object.entries(spec).filter(([, value]) => value !== undefined && value !== '');
  return {
    metadata: {
      name,
      namespace: app.metadata.namespace!,
      annotations: { [requestAnnotation]: requestId },
      ...(request.once === undefined ? {} : { labels: { [labels.onceKey]: onceHash(app, request.once) } }),
      ownerReferences: [controllerRef(app)],
    },
    spec: { appRef: { name: app.metadata.name }, ...(Object.fromEntries(given) as Partial<typeof spec>) },
  };
}
