/** Where a Space posts what happens to its Tasks. */

import type { NotifyEvent } from '../../resources/kf/notify.ts';
import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import { type CommandFile, checked, defineCommand } from '../command.ts';
import { eventList, notifyUrl, signingSecret } from '../notify/notify-flags.ts';
import { accessor, chosenSpace, setting, shared } from './setting.ts';

const withNotify = (spec: SpaceSpec, notify: NonNullable<SpaceSpec['taskConfig']>['notify']): SpaceSpec => {
  const { notify: _, ...rest } = spec.taskConfig ?? {};
  return { ...spec, taskConfig: notify === undefined ? rest : { ...rest, notify } };
};

/** Name of the Secret that signs a Space's posts. */
const secretName = 'kf-notify';

interface SetNotifyFlags {
  readonly on?: readonly NotifyEvent[];
  readonly secret?: string;
}

export const notify: readonly CommandFile[] = [
  setting<SetNotifyFlags>({
    name: 'set-notify',
    values: ['URL'],
    summary: 'Post what happens to the Tasks of a Space to a URL',
    details:
      'Each event is one JSON POST, signed as Standard Webhooks are, tried for 24 hours. Events: failed (a Task), missed, skipped and recovered (a Job). A Job that has --notify of its own posts there instead. See docs/notifications-and-hooks.md.',
    examples: [
      'kf configure-space set-notify https://example.org/kf',
      'kf configure-space set-notify dev https://example.org/kf --on failed,recovered --secret @secret.txt',
    ],
    flags: (command) =>
      command
        .option(
          '--on <EVENTS>',
          'failed, missed, skipped, recovered, separated by commas; default: all',
          checked(eventList),
        )
        .option(
          '--secret <TEXT>',
          'signs the posts, @FILE reads it from a file; default: the one before, else a new one, which is printed',
          checked(signingSecret),
        ),
    change: (spec, [url], { on }) =>
      withNotify(spec, { url: notifyUrl(url!), ...(on === undefined ? {} : { on }), secretName }),
    async before(session, _, { secret }, context) {
      const { ensureSecret } = await import('../notify/secret.ts');
      await ensureSecret(context, session, { name: secretName, ...(secret === undefined ? {} : { chosen: secret }) });
    },
  }),
  setting({
    name: 'unset-notify',
    values: [],
    summary: 'Post nothing any more; what was not delivered yet is let go',
    examples: ['kf configure-space unset-notify', 'kf configure-space unset-notify dev'],
    change: (spec) => withNotify(spec, undefined),
    async before(session) {
      const { removeSecret } = await import('../notify/secret.ts');
      await removeSecret(session, secretName);
    },
  }),
  accessor({
    name: 'get-notify',
    summary: 'Show where a Space posts what happens to its Tasks',
    examples: ['kf configure-space get-notify', 'kf configure-space get-notify dev -o json'],
    read: (space) => space.spec?.taskConfig?.notify ?? {},
  }),
  defineCommand({
    ...shared,
    usage: 'configure-space test-notify [SPACE_NAME]',
    summary: 'Post a test to where a Space posts, and say what became of it',
    examples: ['kf configure-space test-notify', 'kf configure-space test-notify dev'],
    args: [0, 1],
    async run(context, args) {
      const { testNotify } = await import('../notify/test-notify.ts');
      await testNotify(context, chosenSpace(args, 0, context.flags.space));
    },
  }),
];
