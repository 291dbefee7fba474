import { Option } from 'commander';
import { defineCommand } from '../command.ts';
import { clientVersion } from '../version.ts';

export const version = defineCommand<{ readonly output?: 'json' | 'yaml' }>({
  usage: 'version',
  group: 'Other commands:',
  summary: 'Show the version of this program',
  examples: ['kf version', 'kf version -o json'],
  flags: (command) =>
    command.addOption(new Option('-o, --output <FORMAT>', 'Print for programs').choices(['json', 'yaml'])),
  async run({ io }, _, { output }) {
    if (output === undefined) return io.out(`kf version ${clientVersion}\n`);
    const { formatValue } = await import('../output/objects.ts');
    await io.out(await formatValue(output, { version: clientVersion, node: process.version }));
  },
});
