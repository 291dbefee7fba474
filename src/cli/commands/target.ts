import { defineCommand, outputFlag } from '../command.ts';
import type { TargetFlags } from '../settings/target-action.ts';

export const target = defineCommand<TargetFlags>({
  usage: 'target [SPACE]',
  group: 'Spaces:',
  summary: 'Show or choose the server and the Space that commands work in',
  details:
    'The Space is remembered for each server. --context NAME makes commands talk to that cluster from now on, --embedded to the embedded server again; $KUBECONFIG, --kubeconfig and --context on a command come before what is saved here.',
  examples: [
    'kf target',
    'kf target -o json',
    'kf target team-a',
    'kf target --context prod --space team-a',
    'kf target --embedded',
  ],
  args: [0, 1],
  flags: (command) => {
    command
      .option('-s, --target-space <SPACE>', 'the Space, as --space or the argument')
      .option('--embedded', 'save the embedded server as the one to talk to');
    outputFlag(command);
  },
  async run(context, [space], flags) {
    const { targetAction } = await import('../settings/target-action.ts');
    await targetAction(context, space, flags);
  },
});
