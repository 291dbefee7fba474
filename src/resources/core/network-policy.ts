/** networking.k8s.io/v1 NetworkPolicy: what the Pods of a namespace may reach, and be reached by. */

import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { contains, parseSubnet, type Subnet } from '../ipv4.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { labelSelectorSchema, selectorErrors } from './label-selector.ts';

const peer = s.object({
  podSelector: s.optional(labelSelectorSchema),
  namespaceSelector: s.optional(labelSelectorSchema),
  ipBlock: s.optional(
    s.object({
      cidr: s.string(),
      except: s.describe('Networks within `cidr` that are left out.', s.optional(s.array(s.string()))),
    }),
  ),
});
export type NetworkPolicyPeer = s.Infer<typeof peer>;

const port = s.object({
  protocol: s.withDefault(s.enumeration('TCP', 'UDP', 'SCTP'), 'TCP'),
  port: s.describe('A number, or the name of a port of the Pod. Default: every port.', s.optional(s.intOrString())),
  endPort: s.describe(
    'Last of a range that begins with `port`.',
    s.optional(s.integer({ minimum: 1, maximum: 65535 })),
  ),
});
export type NetworkPolicyPort = s.Infer<typeof port>;

const body = {
  spec: s.object({
    podSelector: s.describe('Whose policy it is; the empty selector means every Pod.', labelSelectorSchema),
    policyTypes: s.optional(s.array(s.enumeration('Ingress', 'Egress'))),
    egress: s.optional(
      s.array(
        s.object({
          to: s.describe('Default: everything.', s.optional(s.array(peer))),
          ports: s.describe('Default: every port.', s.optional(s.array(port))),
        }),
      ),
    ),
    ingress: s.optional(s.array(s.object({ from: s.optional(s.array(peer)), ports: s.optional(s.array(port)) }))),
  }),
};

export type NetworkPolicy = Resource<typeof body>;

export const NetworkPolicy: Kind<NetworkPolicy> = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  body,
  default: (policy) => {
    const { spec } = policy;
    if (spec?.policyTypes !== undefined && spec.policyTypes.length > 0) return policy;
    const policyTypes = spec?.egress === undefined ? (['Ingress'] as const) : (['Ingress', 'Egress'] as const);
    return { ...policy, spec: { ...spec, policyTypes } };
  },
  validate: ({ spec }) => [
    ...selectorErrors('spec.podSelector', spec.podSelector),
    ...(spec.egress ?? []).flatMap(({ to = [], ports = [] }, index) => [
      ...to.flatMap((one, at) => peerErrors(`spec.egress[${index}].to[${at}]`, one)),
      ...ports.flatMap((one, at) => portErrors(`spec.egress[${index}].ports[${at}]`, one)),
    ]),
    ...(spec.ingress ?? []).flatMap(({ from = [], ports = [] }, index) => [
      ...from.flatMap((one, at) => peerErrors(`spec.ingress[${index}].from[${at}]`, one)),
      ...ports.flatMap((one, at) => portErrors(`spec.ingress[${index}].ports[${at}]`, one)),
    ]),
  ],
});

/** Whether the policy says what the Pods that it selects may reach. */
export const isEgressPolicy = ({ spec }: NetworkPolicy): boolean => spec.policyTypes?.includes('Egress') === true;

function peerErrors(
  path: string,
  { ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer,
): readonly FieldError[] {
  const selectors = [podSelector, namespaceSelector].filter((selector) => selector !== undefined);
  if (ipBlock === undefined && selectors.length === 0) return [required(path, 'must specify a peer')];
  if (ipBlock === undefined) return selectors.flatMap((selector) => selectorErrors(path, selector));
  if (selectors.length > 0) return [forbidden(path, 'may not specify both ipBlock and another peer')];
  const { cidr, except = [] } = ipBlock;
  if (!isCidr(cidr))
    return [invalid(`${path}.ipBlock.cidr`, cidr, 'must be a network like 10.1.0.0/16 or 192.0.2.7/32')];
  return except.flatMap((text, index) =>
    isCidr(text) && (parseSubnet(cidr) === undefined || liesWithin(parseSubnet(text), parseSubnet(cidr)!))
      ? []
      : [invalid(`${path}.ipBlock.except[${index}]`, text, `must be a strict subset of \`cidr\`, ${cidr}`)],
  );
}

/** IPv6 is taken as it is: no Pod has it. */
const isCidr = (text: string): boolean =>
  /^[0-9a-f:.]*:[0-9a-f:.]*\/\d{1,3}$/i.test(text) || (text.includes('/') && parseSubnet(text) !== undefined);

const liesWithin = (inner: Subnet | undefined, outer: Subnet): boolean =>
  inner !== undefined && inner.prefix > outer.prefix && contains(outer, inner);

function portErrors(path: string, { port: first, endPort }: NetworkPolicyPort): readonly FieldError[] {
  if (typeof first === 'number' && (first < 1 || first > 65535))
    return [invalid(`${path}.port`, first, 'must be between 1 and 65535, inclusive')];
  if (typeof first === 'string' && !/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(first))
    return [invalid(`${path}.port`, first, 'must be a number or the name of a port')];
  if (endPort === undefined) return [];
  if (typeof first !== 'number') return [forbidden(`${path}.endPort`, 'may only be specified when `port` is a number')];
  return endPort >= first ? [] : [invalid(`${path}.endPort`, endPort, 'must be greater than or equal to `port`')];
}
