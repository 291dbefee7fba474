import { type Command, Option } from 'commander';
import { type CommandFile, defineCommand, type OutputFlag, outputFlag, repeatable } from '../command.ts';
import type { NodeLabelFlags } from '../server/node-labels.ts';

const shared = {
  group: 'Server:',
  parent: {
    summary: 'Start, stop and watch the embedded server; have it started at boot',
    details: 'Commands that need the server start it in the background, unless KF_AUTOSTART=0 is set.',
    examples: ['kf server status', 'sudo kf server restart', 'sudo kf server enable'],
  },
} as const;

const nodeLabels = (command: Command): Command =>
  command.option(
    '--node-label <KEY=VALUE>',
    "label of this machine's Node, for nodeSelectors; kept as setting nodeLabels (repeatable)",
    repeatable,
  );

export const serverCommands: readonly CommandFile[] = [
  defineCommand<NodeLabelFlags>({
    usage: 'server start',
    ...shared,
    summary: 'Start the embedded server in the background',
    details: 'Every command that needs it does this by itself, unless KF_AUTOSTART=0 is set.',
    examples: [
      'sudo kf server start',
      'sudo KF_HOME=/srv/kf KF_PORT=0 kf server start',
      'sudo kf server start --node-label disktype=ssd',
    ],
    flags: nodeLabels,
    async run(context, _, flags) {
      const { startAction } = await import('../server/actions.ts');
      await startAction(context, flags);
    },
  }),
  defineCommand<{ readonly drain?: boolean; readonly kill?: boolean }>({
    usage: 'server stop',
    ...shared,
    summary: 'Stop the embedded server; running tasks go on and are found again at the next start',
    examples: ['sudo kf server stop', 'sudo kf server stop --drain', 'sudo kf server stop --kill'],
    flags: (command) =>
      command
        .addOption(new Option('--drain', 'first let nothing new start, and wait for what runs').conflicts('kill'))
        .option('--kill', 'first terminate all tasks'),
    async run(context, _, flags) {
      const { stopAction } = await import('../server/actions.ts');
      await stopAction(context, flags);
    },
  }),
  defineCommand<NodeLabelFlags>({
    usage: 'server restart',
    ...shared,
    summary: 'Stop and start the embedded server; running tasks go on',
    examples: ['sudo kf server restart'],
    flags: nodeLabels,
    async run(context, _, flags) {
      const { restartAction } = await import('../server/actions.ts');
      await restartAction(context, flags);
    },
  }),
  defineCommand<OutputFlag>({
    usage: 'server status',
    ...shared,
    summary: 'Show whether the embedded server runs, and where; exit code 1 when not',
    details: 'With -o name it prints the URL of the server that runs.',
    examples: ['kf server status', 'kf server status -o json'],
    flags: outputFlag,
    async run(context, _, flags) {
      const { statusAction } = await import('../server/actions.ts');
      await statusAction(context, flags.output);
    },
  }),
  defineCommand<NodeLabelFlags>({
    usage: 'server enable',
    ...shared,
    summary: 'Start the embedded server at boot and after a crash, and now',
    details:
      "By a systemd unit; without systemd by a line of root's crontab. What KF_HOME and the variables of settings (KF_PORT …) say now is kept. After kf has moved, or to change one of them, enable it again. Settings are better kept in config.yaml: kf configure-server set.",
    examples: ['sudo kf server enable', 'sudo KF_HOME=/srv/kf KF_PORT=7443 kf server enable'],
    flags: nodeLabels,
    async run(context, _, flags) {
      const { enableAction } = await import('../server/boot/actions.ts');
      await enableAction(context, flags);
    },
  }),
  defineCommand({
    usage: 'server disable',
    ...shared,
    summary: 'Do not start the embedded server at boot and after a crash any more; it goes on running',
    examples: ['sudo kf server disable'],
    async run(context) {
      const { disableAction } = await import('../server/boot/actions.ts');
      await disableAction(context);
    },
  }),
  defineCommand<NodeLabelFlags>({
    usage: 'server run',
    ...shared,
    summary: 'Run the embedded server in the foreground, until SIGTERM or Ctrl-C',
    details: 'Prints one line, ready URL, when it takes requests. For service managers.',
    examples: ['sudo kf server run', 'sudo KF_HOME=/srv/kf KF_PORT=7443 kf server run'],
    flags: nodeLabels,
    async run(context, _, flags) {
      const { runAction } = await import('../server/actions.ts');
      await runAction(context, flags);
    },
  }),
];
