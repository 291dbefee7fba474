import { type Command, Option } from 'commander';
import { type CommandFile, defineCommand } from '../command.ts';

const shared = {
  group: 'Server:',
  parent: {
    summary: "Show and change the server's settings, and what the machine's administrator allows",
    details:
      'They stand in config.yaml beside the data of the server, which no client of its API can change: docs/configuration.md.',
    examples: ['sudo kf configure-server get', 'sudo kf configure-server allow-host-path /srv/backups'],
  },
} as const;

const dataFormats = (command: Command): Command =>
  command.addOption(new Option('-o, --output <FORMAT>', 'print for programs to read').choices(['json', 'yaml']));

/** Settings of the machine's administrator: they stand in a file beside the server's data, which no client can change. */
export const configureServer: readonly CommandFile[] = [
  defineCommand<{ readonly output?: 'json' | 'yaml' }>({
    usage: 'configure-server get [SETTING]',
    ...shared,
    summary: "Show the server's settings, or one of them",
    examples: ['sudo kf configure-server get', 'sudo kf configure-server get maxTasks'],
    args: [0, 1],
    flags: dataFormats,
    async run(context, [name], { output }) {
      const { printSettings } = await import('../configure-server/settings.ts');
      await printSettings(context, name, output);
    },
  }),
  defineCommand({
    usage: 'configure-server set SETTING VALUE...',
    ...shared,
    summary: 'Change a setting of the server',
    details: 'Most are in force at the next start of the server: kf server restart. Tasks go on meanwhile.',
    examples: [
      'sudo kf configure-server set maxTasks 16',
      'sudo kf configure-server set hostStack.paths /opt/tools /opt/data',
    ],
    args: [2, Number.POSITIVE_INFINITY],
    async run(context, [name, ...words]) {
      const { setSetting } = await import('../configure-server/settings.ts');
      await setSetting(context, name!, words);
    },
  }),
  defineCommand({
    usage: 'configure-server unset SETTING',
    ...shared,
    summary: 'Take a setting back: its default holds',
    examples: ['sudo kf configure-server unset maxTasks'],
    args: 1,
    async run(context, [name]) {
      const { unsetSetting } = await import('../configure-server/settings.ts');
      await unsetSetting(context, name!);
    },
  }),
  defineCommand<{ readonly chown?: boolean }>({
    usage: 'configure-server allow-host-path DIRECTORY',
    ...shared,
    summary: 'Allow a directory of this machine, and what is in it, to become volumes',
    details:
      'Made when it is not there. Tasks see it as user vcap (2000); every folder above must belong to root. In force at once.',
    examples: [
      'sudo kf configure-server allow-host-path /srv/backups',
      'sudo kf configure-server allow-host-path /srv/reports --chown',
    ],
    args: 1,
    flags: (command) => command.option('--chown', 'give the directory itself to vcap, so that Tasks can write to it'),
    async run(context, [path], flags) {
      const { allowHostPath } = await import('../configure-server/host-paths.ts');
      await allowHostPath(context, path!, flags);
    },
  }),
  defineCommand({
    usage: 'configure-server disallow-host-path DIRECTORY',
    ...shared,
    summary: 'Take the permission back; Tasks that start from now on get no volume of it',
    examples: ['sudo kf configure-server disallow-host-path /srv/backups'],
    args: 1,
    async run(context, [path]) {
      const { disallowHostPath } = await import('../configure-server/host-paths.ts');
      await disallowHostPath(context, path!);
    },
  }),
  defineCommand<{ readonly output?: 'json' | 'yaml' }>({
    usage: 'configure-server get-host-paths',
    ...shared,
    summary: 'List the directories that may become volumes',
    examples: ['sudo kf configure-server get-host-paths'],
    flags: dataFormats,
    async run(context, _, { output }) {
      const { printHostPaths } = await import('../configure-server/host-paths.ts');
      await printHostPaths(context, output);
    },
  }),
];
