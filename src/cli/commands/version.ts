import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { clientVersion } from '../version.ts';

export const version = defineCommand<OutputFlag>({
  usage: 'version',
  group: 'Other commands:',
  summary: 'Show the version of this program',
  examples: ['kf version', 'kf version -o name', 'kf version -o json'],
  flags: outputFlag,
  async run({ io }, _, { output }) {
    if (output === undefined) return io.out(`kf version ${clientVersion}\n`);
    const { formatNamed } = await import('../output/objects.ts');
    await io.out(await formatNamed(output, { version: clientVersion, node: process.version }, [clientVersion]));
  },
});
