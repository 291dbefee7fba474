/** What the Tasks and the Builds of a Space may reach. */

import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import type { CommandFile } from '../command.ts';
import { setting } from './setting.ts';

const policies = ['PermitAll', 'DenyAll'] as const;

function policyOf(text: string): (typeof policies)[number] {
  const plain = text.toLowerCase().replaceAll('-', '');
  const found = policies.find((policy) => policy.toLowerCase() === plain);
  if (found === undefined) throw new Error(`${JSON.stringify(text)} is no policy: it must be PermitAll or DenyAll`);
  return found;
}

const withEgress = (
  spec: SpaceSpec,
  whose: 'appNetworkPolicy' | 'buildNetworkPolicy',
  egress: (typeof policies)[number],
): SpaceSpec => ({
  ...spec,
  networkConfig: { ...spec.networkConfig, [whose]: { ...spec.networkConfig?.[whose], egress } },
});

const details =
  'DenyAll ends every connection, names do not resolve either. Ports of configure-space allow-host-port and what a ' +
  'network policy allows (kf create-network-policy) stay open. It holds at once, for what runs already, too.';

export const egressPolicy: readonly CommandFile[] = [
  setting({
    name: 'set-app-egress-policy',
    aliases: ['set-egress-policy'],
    values: ['PermitAll|DenyAll'],
    summary: 'Let the Tasks of a Space reach everything, or nothing',
    details,
    examples: [
      'kf configure-space set-app-egress-policy DenyAll',
      'kf configure-space set-app-egress-policy dev PermitAll',
    ],
    change: (spec, [policy]) => withEgress(spec, 'appNetworkPolicy', policyOf(policy!)),
  }),
  setting({
    name: 'set-build-egress-policy',
    values: ['PermitAll|DenyAll'],
    summary: 'Let the Builds of a Space reach everything, or nothing',
    details,
    examples: ['kf configure-space set-build-egress-policy DenyAll'],
    change: (spec, [policy]) => withEgress(spec, 'buildNetworkPolicy', policyOf(policy!)),
  }),
];
