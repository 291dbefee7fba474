import { type Command, Option } from 'commander';
import { type CommandFile, defineCommand, repeatable } from '../command.ts';
import type { RegistryFlags } from '../configure-server/registries.ts';

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
  defineCommand<RegistryFlags>({
    usage: 'configure-server set-registry PREFIX',
    ...shared,
    summary: 'Say how a registry of images is spoken to, or a part of one',
    details:
      'What was set for it before is replaced. Mirrors are asked first, in their order. Registries of this machine (localhost, 127.0.0.1) need no TLS until something is set for them. In force at once.',
    examples: [
      'sudo kf configure-server set-registry docker.io --mirror mirror.example.com/docker',
      'sudo kf configure-server set-registry registry.example.com:5000 --ca /etc/ssl/registry.crt',
    ],
    args: 1,
    flags: (command) =>
      command
        .option('--mirror <PREFIX>', 'asked instead, before the registry itself (repeatable)', repeatable)
        .option('--insecure', 'plain HTTP, or a certificate that nobody vouches for, is good enough')
        .option('--ca <FILE>', 'certificates (PEM) of whoever vouches for it'),
    async run(context, [prefix], flags) {
      const { setRegistry } = await import('../configure-server/registries.ts');
      await setRegistry(context, prefix!, flags);
    },
  }),
  defineCommand({
    usage: 'configure-server unset-registry PREFIX',
    ...shared,
    summary: 'Take it back: the registry is spoken to as any other',
    examples: ['sudo kf configure-server unset-registry docker.io'],
    args: 1,
    async run(context, [prefix]) {
      const { unsetRegistry } = await import('../configure-server/registries.ts');
      await unsetRegistry(context, prefix!);
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
