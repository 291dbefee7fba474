import { Option } from 'commander';
import { type CommandFile, defineCommand } from '../command.ts';
import type { BackupFlags } from '../server/data/backup.ts';
import type { UninstallFlags } from '../server/data/uninstall.ts';

const group = 'Server:';
const printFlag = (): Option =>
  new Option('-o, --output <FORMAT>', 'print for programs to read').choices(['json', 'yaml']);

export const serverDataCommands: readonly CommandFile[] = [
  defineCommand<BackupFlags>({
    usage: 'server backup FILE',
    group,
    summary: 'Write all that the server keeps to one file, while it runs',
    details:
      'All resources, logs, images, source packages, settings and the server’s keys; a name that ends with gz is compressed. The disks of running tasks are not in it, nor what lies on directories of this machine.',
    examples: [
      'sudo kf server backup /backup/kf.tar.gz',
      'sudo kf server backup /backup/kf.tar --with-volumes --force',
    ],
    args: 1,
    flags: (command) =>
      command
        .option('--with-volumes', 'also the volumes that the server made; no task may use them meanwhile')
        .option('--force', 'replace a file that is there')
        .addOption(printFlag()),
    async run(context, [file], flags) {
      context.dataOnly = flags.output !== undefined;
      const { backupAction } = await import('../server/data/backup.ts');
      await backupAction(context, file!, flags);
    },
  }),
  defineCommand<{ readonly kill?: boolean }>({
    usage: 'server restore FILE',
    group,
    summary: 'Go on from a backup, of this or another machine',
    details:
      'What the server keeps now is put aside, not deleted. Nothing that was done since the backup is done again: tasks that were running in it fail as after a reboot, tasks that had not begun are terminated, runs of Jobs up to now are let go.',
    examples: ['sudo kf server restore /backup/kf.tar.gz', 'sudo kf server restore /backup/kf.tar.gz --kill'],
    args: 1,
    flags: (command) => command.option('--kill', 'first terminate all tasks that run now'),
    async run(context, [file], flags) {
      const { restoreAction } = await import('../server/data/backup.ts');
      await restoreAction(context, file!, flags);
    },
  }),
  defineCommand<{ readonly output?: 'json' | 'yaml' }>({
    usage: 'server df',
    group,
    summary: 'Show what of the disk the server takes, and what of it nothing uses',
    examples: ['kf server df', 'kf server df -o json'],
    flags: (command) => command.addOption(printFlag()),
    async run(context, _, { output }) {
      context.dataOnly = output !== undefined;
      const { dfAction } = await import('../server/data/disk.ts');
      await dfAction(context, output);
    },
  }),
  defineCommand<{ readonly all?: boolean; readonly output?: 'json' | 'yaml' }>({
    usage: 'server prune',
    group,
    summary: 'Remove at once what nothing uses, and say how much that freed',
    details:
      'Images, layers and source packages go by themselves soon after the last App, Build or Task that names them; this does not wait.',
    examples: ['kf server prune', 'kf server prune --all'],
    flags: (command) =>
      command.option('--all', 'also what kf server restore and upgrades have put aside').addOption(printFlag()),
    async run(context, _, flags) {
      context.dataOnly = flags.output !== undefined;
      const { pruneAction } = await import('../server/data/disk.ts');
      await pruneAction(context, flags);
    },
  }),
  defineCommand<UninstallFlags>({
    usage: 'server uninstall',
    group,
    summary: 'Remove the server from this machine, with all that it has made',
    details:
      'Tasks, mounts, network, firewall rules, cgroups, its start at boot, and its data. Lists them and asks first. Directories of this machine that were bound as volumes are not touched. The programs that kf doctor has installed stay, and kf itself.',
    examples: ['sudo kf server uninstall', 'sudo kf server uninstall --keep-data', 'sudo kf server uninstall --yes'],
    flags: (command) => command.option('--keep-data', 'all but the data directory').option('--yes', 'do not ask'),
    async run(context, _, flags) {
      const { uninstallAction } = await import('../server/data/uninstall.ts');
      await uninstallAction(context, flags);
    },
  }),
];
