import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';

export const notifications = defineCommand<OutputFlag>({
  usage: 'notifications',
  group: 'Hooks:',
  summary: 'List what was posted of failures and missed runs, and what became of it; newest last',
  details:
    'kf configure-space set-notify and the flag --notify of Jobs say where to post. The newest 200 that are done are kept.',
  examples: ['kf notifications', 'kf notifications -o json'],
  flags: outputFlag,
  async run(context, _, { output }) {
    const { listNotifications } = await import('../notify/list-notifications.ts');
    await listNotifications(context, output);
  },
});
