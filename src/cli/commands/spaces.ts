import type { Command } from 'commander';
import { Space } from '../../resources/kf/space.ts';
import { checkedRepeatable, defineCommand, type OutputFlag, outputFlag, repeatable } from '../command.ts';
import type { DeleteFlags } from '../delete-object.ts';
import { variable } from '../flags.ts';
import { printList } from '../output/listing.ts';
import type { CreateSpaceFlags } from '../spaces/create-space.ts';
import { deleteFlags } from './delete.ts';

const group = 'Spaces:';

export const spaces = defineCommand<OutputFlag>({
  usage: 'spaces',
  group,
  summary: 'List the Spaces',
  examples: ['kf spaces', 'kf spaces -o name'],
  flags: outputFlag,
  async run(context, _, { output }) {
    await printList(context, await context.client(), {
      kind: Space,
      options: {},
      ...(output === undefined ? {} : { output }),
      title: 'Listing Spaces',
    });
  },
});

export const space = defineCommand<OutputFlag & { readonly show?: boolean }>({
  usage: 'space [SPACE_NAME]',
  group,
  summary: 'Show everything about one Space; default: the targeted one',
  examples: ['kf space', 'kf space dev -o yaml'],
  args: [0, 1],
  flags: (command) => outputFlag(command).option('--show', 'print values that may be secret, too'),
  async run(context, [name], { output, show }) {
    const { describeSpace } = await import('../spaces/describe-space.ts');
    await describeSpace(context, name ?? (await context.space()), { output, show: show === true });
  },
});

export const createSpace = defineCommand<CreateSpaceFlags>({
  usage: 'create-space SPACE_NAME',
  group,
  summary: 'Create a Space: a namespace for Apps, and the settings that they share',
  examples: ['kf create-space team-a', 'kf create-space team-a --run-env REGION=eu'],
  args: 1,
  flags: (command: Command) =>
    command
      .option('--run-env <NAME=VALUE>', "environment of all Apps' Tasks (repeatable)", checkedRepeatable(variable))
      .option('--stage-env <NAME=VALUE>', 'environment of all Builds (repeatable)', checkedRepeatable(variable))
      .option('--container-registry <REGISTRY>', 'where images are pushed to; on clusters only')
      .option('--build-service-account <NAME>', 'account of the Builds; on clusters only')
      .option('--domain <DOMAIN>', 'domain of routes; on clusters only (repeatable)', repeatable),
  async run(context, [name], flags) {
    const { createSpaceAction } = await import('../spaces/create-space.ts');
    await createSpaceAction(context, name!, flags);
  },
});

export const deleteSpace = defineCommand<DeleteFlags>({
  usage: 'delete-space SPACE_NAME',
  group,
  summary: 'Delete a Space with all its Apps, Builds, Tasks and their logs',
  examples: ['kf delete-space team-a'],
  args: 1,
  flags: deleteFlags,
  async run(context, [name], flags) {
    const { deleteSpaceAction } = await import('../spaces/delete-space.ts');
    await deleteSpaceAction(context, name!, flags);
  },
});
