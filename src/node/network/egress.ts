/** What a Pod may reach by the NetworkPolicies that select it. Pure. */

import { selects } from '../../resources/core/label-selector.ts';
import {
  isEgressPolicy,
  type NetworkPolicy,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
} from '../../resources/core/network-policy.ts';
import { parseSubnet, type Subnet, subtract } from '../../resources/ipv4.ts';
import type { Labels } from '../../resources/selector.ts';

export interface EgressRule {
  readonly to: Subnet;
  /** Default: every protocol. */
  readonly protocol?: 'tcp' | 'udp';
  /** First and last port. Default: every port. */
  readonly ports?: readonly [first: number, last: number];
}

const everywhere: Subnet = { base: 0, prefix: 0 };

/**
 * The sum of what all policies of a Pod allow; undefined when none says anything about it, so that it may reach
 * everything. Pods cannot reach one another, whatever a policy says; ports by name, SCTP and IPv6 are nothing here.
 */
export function egressOf(labels: Labels, policies: readonly NetworkPolicy[]): readonly EgressRule[] | undefined {
  const own = policies.filter((policy) => isEgressPolicy(policy) && selects(policy.spec.podSelector, labels));
  if (own.length === 0) return undefined;
  return own.flatMap(({ spec }) =>
    (spec.egress ?? []).flatMap(({ to, ports }) => {
      const places = to === undefined || to.length === 0 ? [everywhere] : to.flatMap(placesOf);
      const gates = ports === undefined || ports.length === 0 ? [{}] : ports.flatMap(gatesOf);
      return places.flatMap((place) => gates.map((gate) => ({ to: place, ...gate })));
    }),
  );
}

function placesOf({ ipBlock }: NetworkPolicyPeer): readonly Subnet[] {
  const whole = parseSubnet(ipBlock?.cidr ?? '');
  if (whole === undefined) return [];
  return subtract(
    whole,
    (ipBlock?.except ?? []).flatMap((text) => parseSubnet(text) ?? []),
  );
}

function gatesOf({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): readonly Omit<EgressRule, 'to'>[] {
  if (protocol === 'SCTP' || typeof port === 'string') return [];
  const gate = { protocol: protocol === 'UDP' ? 'udp' : 'tcp' } as const;
  return [port === undefined ? gate : { ...gate, ports: [port, endPort ?? port] }];
}
