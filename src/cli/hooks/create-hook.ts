/** `kf create-hook`. */

import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { getIfExists } from '../../client/get-if-exists.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { withoutEmpty } from '../../resources/json.ts';
import { App } from '../../resources/kf/app.ts';
import { Hook, hookPath } from '../../resources/kf/hook.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName, randomName } from '../../resources/names.ts';
import { isInvalid } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { quote } from '../output/tips.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { checkRetries, type TaskFlags, taskFieldsOf } from '../tasks/task-flags.ts';
import { tipFlags } from '../tip-flags.ts';

export interface CreateHookFlags extends TaskFlags {
  readonly name?: string;
  readonly command?: string;
  readonly app?: boolean;
  readonly job?: boolean;
  readonly secret?: string;
}

const failure = 'failed to create Hook: ';

export async function createHookAction(context: Context, target: string, flags: CreateHookFlags): Promise<void> {
  checkRetries(flags);
  const session = await context.changing();
  const owner = await findTarget(context, session, target, flags);
  const name = flags.name ?? target;
  const fields = { ...taskFieldsOf(flags), ...withoutEmpty({ command: flags.command }) };
  if (isJob(owner) && Object.keys(fields).length > 0)
    throw new CliError(`${failure}a hook of a Job runs the Job as it is; flags of the Task are for hooks of Apps`);
  const { object: hook, isOurs } = await createOnce(context, Hook, {
    metadata: { namespace: session.space, name, ownerReferences: [controllerRef(owner)] },
    spec: {
      ...(isJob(owner) ? { jobRef: { name: target } } : { taskTemplate: { appRef: { name: target }, ...fields } }),
      // A Hook of this name that was just deleted may still have its own.
      secretName: childName(name, randomName('-hook-')),
    },
  }).catch((error) => {
    throw isInvalid(error) ? new CliError(failure + error.message) : error;
  });
  const more = tipFlags(context.flags, session.space);
  if (!isOurs)
    throw new CliError(`${failure}Hook "${name}" exists already`, {
      tips: [
        { description: 'Give this one another name', command: `kf create-hook ${target} --name NAME${more}` },
        { description: 'List the Hooks', command: `kf hooks${more}` },
      ],
    });
  const token = await makeSecret(session, hook, flags.secret);
  await say(context, session, hook, token);
}

const isJob = (target: App | TaskSchedule): target is TaskSchedule => target.kind === 'TaskSchedule';

/** @throws CliError when there is neither, or both and nothing says which */
async function findTarget(
  context: Context,
  session: Session,
  name: string,
  { app: wantsApp, job: wantsJob }: CreateHookFlags,
): Promise<App | TaskSchedule> {
  const ref = { namespace: session.space, name };
  const [app, job] = await Promise.all([
    wantsJob && !wantsApp ? undefined : getIfExists(session.client, App, ref),
    wantsApp && !wantsJob ? undefined : getIfExists(session.client, TaskSchedule, ref),
  ]);
  if (app !== undefined && job !== undefined)
    throw new CliError(`${failure}"${name}" is an App and a Job: say --app or --job`);
  const found = app ?? job;
  if (found !== undefined && found.metadata.deletionTimestamp === undefined) return found;
  await requireSpace(session);
  const more = tipFlags(context.flags, session.space);
  throw new CliError(`${failure}there is no ${wantsApp ? 'App' : wantsJob ? 'Job' : 'App or Job'} "${name}"`, {
    tips: [
      { description: 'List the Apps', command: `kf apps${more}` },
      { description: 'List the Jobs', command: `kf jobs${more}` },
    ],
  });
}

/** Keeps the token's hash only. The token itself, to be shown once. */
async function makeSecret({ client, space }: Session, hook: Hook, signingSecret?: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await client.create(Secret, {
    metadata: {
      namespace: space,
      name: hook.spec.secretName,
      labels: { [labels.managedBy]: 'kf' },
      ownerReferences: [controllerRef(hook)],
    },
    type: 'kf.dev/hook',
    stringData: {
      token: createHash('sha256').update(token).digest('hex'),
      ...(signingSecret === undefined ? {} : { signingSecret }),
    },
  });
  return token;
}

async function say(context: Context, session: Session, hook: Hook, token: string): Promise<void> {
  const { io } = context;
  const url = session.client.url + hookPath(session.space, hook.metadata.name);
  io.note(`Hook ${hook.metadata.name} created.`);
  io.note('The token is shown this once; whoever has it can do no more than run this hook.');
  await io.out(`${url}/${token}\n`);
  const choice = await context.choice();
  const trust = choice.kind === 'embedded' ? ` --cacert ${quote(join(choice.home, 'ca.crt'))}` : '';
  io.note(`Try it: curl${trust} -d hello ${quote(`${url}/${token}`)}`);
}
