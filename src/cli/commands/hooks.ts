import { checked, defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import type { DeleteFlags } from '../delete-object.ts';
import { objectName } from '../flags.ts';
import type { CreateHookFlags } from '../hooks/create-hook.ts';
import { secretText } from '../notify/notify-flags.ts';
import { taskFlags } from '../tasks/task-flags.ts';
import { deleteFlags } from './delete.ts';

const group = 'Hooks:';

export const createHook = defineCommand<CreateHookFlags>({
  usage: 'create-hook {APP_NAME | JOB_NAME}',
  group,
  summary: 'Create a URL that runs a Task of an App, or a Job, for every POST',
  details:
    "The body of the request is a file in the Task, whose path is in $KF_HOOK_BODY; $KF_HOOK_EVENT, $KF_HOOK_DELIVERY, $KF_HOOK_CONTENT_TYPE and $KF_HOOK_QUERY hold what came with it. Repeats of a delivery (X-GitHub-Delivery, Webhook-Id, Idempotency-Key) run nothing again. A Job's hook obeys its concurrency policy: 409 when it does not run. See docs/notifications-and-hooks.md.",
  examples: [
    'kf create-hook report -c \'node etl.js --from "$KF_HOOK_BODY"\'',
    'kf create-hook nightly --name deploy --secret @github-secret.txt',
  ],
  args: 1,
  flags: (command) => {
    command
      .option('--name <NAME>', 'default: that of the App or Job', checked(objectName))
      .option('-c, --command <LINE>', "shell line to run; default: the App's start command")
      .option('--app', 'the App of this name, where there is a Job of it, too')
      .option('--job', 'the Job of this name, where there is an App of it, too')
      .option(
        '--secret <TEXT>',
        'also let in requests that are signed with it as by GitHub (X-Hub-Signature-256); @FILE reads it from a file',
        checked(secretText),
      );
    taskFlags(command);
  },
  async run(context, [target], flags) {
    const { createHookAction } = await import('../hooks/create-hook.ts');
    await createHookAction(context, target!, flags);
  },
});

export const hooks = defineCommand<OutputFlag>({
  usage: 'hooks',
  group,
  summary: 'List the Hooks of the Space, when they were last used and with what result',
  examples: ['kf hooks', 'kf hooks -o json'],
  flags: outputFlag,
  async run(context, _, { output }) {
    const { listHooks } = await import('../hooks/list-hooks.ts');
    await listHooks(context, output);
  },
});

export const deleteHook = defineCommand<DeleteFlags>({
  usage: 'delete-hook HOOK_NAME',
  group,
  summary: 'Delete a Hook; its URL lets nobody in any more, the Tasks that it has run stay',
  examples: ['kf delete-hook report'],
  args: 1,
  flags: deleteFlags,
  async run(context, [name], flags) {
    const { deleteHookAction } = await import('../hooks/delete-hook.ts');
    await deleteHookAction(context, name!, flags);
  },
});
