/** What help looks like: where to begin, commands, and last the flags that all of them have. */

import { type Command, Help, Option } from 'commander';

const globalFlags = [
  ['--space <SPACE>', 'Space to work in; default: the targeted one'],
  ['--kubeconfig <FILE>', 'kubeconfig; default: $KUBECONFIG, else the embedded server'],
  ['--context <NAME>', 'context of the kubeconfig'],
  ['--config <FILE>', 'settings of kf; default: $HOME/.kf'],
] as const;
const helpFlag = ['-h, --help', 'help about this command'] as const;
const globalGroup = 'Global flags:';

/** To be called last, so that they stand below the command's own. */
export function addGlobalFlags(command: Command): void {
  for (const [flags, description] of globalFlags)
    command.addOption(new Option(flags, description).helpGroup(globalGroup));
  command.addHelpOption(new Option(...helpFlag).helpGroup(globalGroup));
}

/** Commander puts flags before commands; here they are no more than a footnote. */
const globalFlagsText = [
  globalGroup,
  ...[...globalFlags, helpFlag].map(([flags, description]) => `  ${flags.padEnd(21)}${description}`),
].join('\n');

/** Lines of 80 columns at most: they are not to be wrapped. */
const begin = `Begin with:
  kf push report --task         upload this folder, build an image; nothing runs
  kf run-task report --follow   run its start command, or -c LINE, and watch it
  kf tasks report               what has run; more about one: kf task report 1
  kf logs report --task --last  the output of the newest
  kf doctor                     what this machine lacks to run tasks`;

/** The help of `kf` itself: all commands with one line each. */
export function helpOfProgram(program: Command): void {
  program
    .helpCommand('help [command]', 'Help about a command')
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      subcommandDescription: (command) => (command.summary() || command.description()).replace(/[:;].*$/s, ''),
      visibleOptions: () => [],
      commandDescription: (command) => `${command.description()}\n\n${begin}`,
    })
    .addHelpText(
      'after',
      `\n${globalFlagsText}\n\nHelp about one command, with its flags and examples: kf COMMAND --help`,
    );
}

/** The help of a command with subcommands: they are shown with their arguments. */
export function helpOfParent(command: Command, examples: string): void {
  command
    .configureHelp({
      subcommandTerm: (one) => `${one.name()} ${one.usage().replace(/ ?\[flags\]$/, '')}`.trim(),
      visibleOptions: () => [],
      visibleCommands: (one) => new Help().visibleCommands(one).filter((sub) => sub.name() !== 'help'),
    })
    .addHelpText('after', `${examples}\n\n${globalFlagsText}`);
}
