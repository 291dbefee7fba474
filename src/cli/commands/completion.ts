import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';

export const completion = defineCommand({
  usage: 'completion SHELL',
  group: 'Other commands:',
  summary: 'Print what makes bash, zsh or fish complete commands, flags and names',
  details: `For bash, in ~/.bashrc: source <(kf completion bash). For zsh, in ~/.zshrc after compinit: source <(kf completion zsh). For fish: kf completion fish > ~/.config/fish/completions/kf.fish. Names of Apps, Tasks, Jobs and others are asked of the server while it runs; it is never started for that.`,
  examples: [
    'source <(kf completion bash)',
    'kf completion bash | sudo tee /etc/bash_completion.d/kf',
    'kf completion fish > ~/.config/fish/completions/kf.fish',
  ],
  args: 1,
  async run({ io }, [shell]) {
    const { scriptFor, shells } = await import('../completion/scripts.ts');
    const script = scriptFor(shell!);
    if (script === undefined)
      throw new CliError(`there is no completion for ${shell}; there is for: ${shells.join(', ')}`);
    await io.out(script);
  },
});
