/** Creates the Task of `kf run-task`. */

import { createHash } from 'node:crypto';
import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf } from '../../resources/condition.ts';
import { withoutEmpty } from '../../resources/json.ts';
import { type App, hasImageCommand } from '../../resources/kf/app.ts';
import { imageMissing } from '../../resources/kf/build.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { randomName } from '../../resources/names.ts';
import { getApp } from '../apps/find-app.ts';
import { buildFailedTips } from '../builds/build-tips.ts';
import { withoutLogHint } from '../builds/without-log-hint.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { tipFlags } from '../tip-flags.ts';
import { checkFits, wantedBy } from './fits.ts';
import type { TaskFields } from './task-flags.ts';

export interface TaskRequest extends TaskFields {
  readonly app: string;
  /** The first Task with this key on the App is the only one. */
  readonly once?: string;
}

export interface CreatedTask {
  readonly task: Task;
  /** Whether an earlier `--once` made it. */
  readonly existed: boolean;
}

/** @throws CliError, StatusError */
export async function createTask(context: Context, request: TaskRequest): Promise<CreatedTask> {
  const session = await context.changing();
  const app = await getApp(session, request.app, failure).catch(async (error) => {
    throw await orJob(context, session, request.app, error);
  });
  checkRunnable(app, request, { prefix: failure, flags: tipFlags(context.flags, session.space) });
  await checkFits(session, wantedBy(request, app), failure);
  for (;;) {
    const name = request.once === undefined ? randomName(`${request.app}-`) : onceName(app, request.once);
    const { object: task, isOurs } = await createOnce(context, Task, draftOf(app, name, request));
    if (isOurs || request.once !== undefined) return { task, existed: !isOurs };
  }
}

/** The error, with what to type when the name is that of a Job. */
async function orJob(context: Context, session: Session, name: string, error: unknown): Promise<unknown> {
  if (!(error instanceof CliError)) return error;
  const job = await getIfExists(session.client, TaskSchedule, { namespace: session.space, name }).catch(
    () => undefined,
  );
  if (job === undefined) return error;
  const command = `kf run-job ${name}${tipFlags(context.flags, session.space)}`;
  return new CliError(`${failure}"${name}" is a Job`, { tips: [{ description: 'Run it', command }] });
}

const failure = 'failed to run-task on App: ';

/** How a refusal is worded: what begins it, and the flags of commands that it prints. */
interface Wording {
  readonly prefix: string;
  readonly flags: string;
}

/** @throws CliError when it is known already that nothing can run */
export function checkRunnable(
  app: App,
  request: Pick<TaskFields, 'command' | 'args'>,
  { prefix, flags }: Wording,
): void {
  const { name, deletionTimestamp } = app.metadata;
  if (deletionTimestamp !== undefined) throw new CliError(`${prefix}App "${name}" is being deleted`);
  const build = conditionOf(app, 'BuildReady');
  const isCurrent = app.status?.observedGeneration === app.metadata.generation;
  if (app.status?.image === undefined && build?.status === 'False' && isCurrent) {
    const again = { description: 'Push again', command: `kf push ${name} --task${flags}` };
    throw new CliError(
      `${prefix}the first build of App "${name}" failed: ${withoutLogHint(build.message ?? build.reason)}`,
      { tips: [...buildFailedTips(app, flags), ...(app.spec.build.image === undefined ? [again] : [])] },
    );
  }
  if (build?.status === 'False' && build.reason === imageMissing && isCurrent)
    throw new CliError(`${prefix}${build.message}`, { tips: buildFailedTips(app, flags) });
  const container = app.spec.template.spec.containers[0];
  const given = request.command || request.args?.length || container?.args?.length || container?.command?.length;
  // Until the first build has ended, its start command is not known.
  const mayComeFromImage =
    app.status?.image === undefined || hasImageCommand(app) || app.status.startCommands?.image?.length;
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

function draftOf(app: App, name: string, { app: _, once, ...fields }: TaskRequest) {
  return {
    metadata: {
      name,
      namespace: app.metadata.namespace!,
      ...(once === undefined ? {} : { labels: { [labels.onceKey]: onceHash(app, once) } }),
      ownerReferences: [controllerRef(app)],
    },
    spec: { appRef: { name: app.metadata.name }, ...withoutEmpty(fields) },
  };
}
