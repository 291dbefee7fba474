import { Option } from 'commander';
import { type CommandFile, defineCommand } from '../command.ts';

const shared = {
  group: 'Server:',
  parent: {
    summary: "Show and change what the machine's administrator allows",
    details: 'These settings stand in a file beside the data of the server, which no client of its API can change.',
    examples: ['sudo kf configure-server allow-host-path /srv/backups', 'sudo kf configure-server get-host-paths'],
  },
} as const;

/** Settings of the machine's administrator: they stand in a file beside the server's data, which no client can change. */
export const configureServer: readonly CommandFile[] = [
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
    flags: (command) =>
      command.addOption(new Option('-o, --output <FORMAT>', 'Print for programs').choices(['json', 'yaml'])),
    async run(context, _, { output }) {
      const { printHostPaths } = await import('../configure-server/host-paths.ts');
      await printHostPaths(context, output);
    },
  }),
];
