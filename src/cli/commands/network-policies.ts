import { type CommandFile, checkedRepeatable, defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import type { DeleteFlags } from '../delete-object.ts';
import { parseAllow } from '../network-policies/allow.ts';
import type { CreateFlags } from '../network-policies/create-network-policy.ts';
import { deleteFlags } from './delete.ts';

const group = 'Network Policies:';

export const networkPolicyCommands: readonly CommandFile[] = [
  defineCommand<OutputFlag>({
    usage: 'network-policies',
    group,
    summary: 'List what limits the networks of Tasks and Builds in the Space',
    examples: ['kf network-policies', 'kf network-policies -o yaml'],
    flags: outputFlag,
    async run(context, _, { output }) {
      const { listNetworkPolicies } = await import('../network-policies/list-network-policies.ts');
      await listNetworkPolicies(context, output);
    },
  }),
  defineCommand<OutputFlag>({
    usage: 'network-policy NAME',
    group,
    summary: 'Show one network policy',
    examples: ['kf network-policy database'],
    args: 1,
    flags: outputFlag,
    async run(context, [name], { output }) {
      const { describeNetworkPolicy } = await import('../network-policies/describe-network-policy.ts');
      await describeNetworkPolicy(context, name!, output);
    },
  }),
  defineCommand<CreateFlags>({
    usage: 'create-network-policy NAME',
    group,
    summary: 'Let Tasks of an App reach certain networks, and nothing else',
    details:
      'Several policies of one App add up. They hold at once, for what runs already, too. Names do not resolve ' +
      'unless --dns lets them.',
    examples: [
      'kf create-network-policy database --app report --allow 192.0.2.7:5432',
      'kf create-network-policy web --app report --allow 0.0.0.0/0:443 --dns',
      'kf create-network-policy local --all-apps --allow 10.0.0.0/8 --allow 192.168.1.0/24:53/udp',
    ],
    args: 1,
    flags: (command) =>
      outputFlag(
        command
          .option('--app <APP>', 'whose Tasks it is for')
          .option('--all-apps', 'it is for the Tasks of every App in the Space')
          .option(
            '--allow <CIDR[:PORT[/tcp|udp]]>',
            'network and port that may be reached; none: nothing (repeatable)',
            checkedRepeatable((text) => (text === 'none' ? ('none' as const) : parseAllow(text))),
          )
          .option('--dns', 'names may be looked up: port 53 of every address'),
      ),
    async run(context, [name], flags) {
      const { createNetworkPolicy } = await import('../network-policies/create-network-policy.ts');
      await createNetworkPolicy(context, name!, flags);
    },
  }),
  defineCommand<DeleteFlags>({
    usage: 'delete-network-policy NAME',
    group,
    summary: 'Delete a network policy; what it limited is free again, unless another limits it',
    examples: ['kf delete-network-policy database'],
    args: 1,
    flags: deleteFlags,
    async run(context, [name], flags) {
      const { deleteNetworkPolicy } = await import('../network-policies/delete-network-policy.ts');
      await deleteNetworkPolicy(context, name!, flags);
    },
  }),
];
