import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';

export const stacks = defineCommand<OutputFlag>({
  usage: 'stacks',
  group: 'Builds:',
  summary: 'List what images can be built on',
  examples: ['kf stacks', 'kf stacks -o json'],
  flags: outputFlag,
  async run(context, _, { output }) {
    context.dataOnly = output !== undefined;
    const { listStacks } = await import('../builds/stacks.ts');
    const found = await listStacks(await context.client());
    const { formatValue } = await import('../output/objects.ts');
    if (output === 'name') return context.io.out(found.map(({ name }) => `${name}\n`).join(''));
    if (output !== undefined) return context.io.out(await formatValue(output, found));
    const { formatTable } = await import('../output/table.ts');
    const rows = found.map(({ name, description, fingerprint }) => [name, description, fingerprint]);
    await context.io.out(formatTable(['Name', 'Description', 'Fingerprint'], rows));
    context.io.note('Any image is a stack, too, a base or a builder: kf push APP_NAME --task -s debian:12');
  },
});
