import { describe, expect, test } from 'vitest';
import { egressOf } from '../../../src/node/network/egress.ts';
import { NetworkPolicy } from '../../../src/resources/core/network-policy.ts';
import { formatSubnet } from '../../../src/resources/ipv4.ts';

const policy = (spec: NetworkPolicy['spec']): NetworkPolicy =>
  NetworkPolicy.default!({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'dev' },
    spec,
  });

const app = { app: 'a' };
const of = (...policies: readonly NetworkPolicy['spec'][]) =>
  egressOf(app, policies.map(policy))?.map(({ to, protocol, ports }) =>
    [formatSubnet(to), protocol, ports?.join('-')].filter((part) => part !== undefined).join(' '),
  );

describe('what a Pod may reach', () => {
  test('everything, while no policy of egress selects it', () => {
    expect(of()).toBeUndefined();
    expect(of({ podSelector: { matchLabels: { app: 'b' } }, egress: [] })).toBeUndefined();
    expect(of({ podSelector: {}, ingress: [] })).toBeUndefined();
    expect(of({ podSelector: {}, egress: [], policyTypes: ['Ingress'] })).toBeUndefined();
  });

  test('nothing, when all that select it allow nothing', () => {
    expect(of({ podSelector: {}, egress: [] })).toEqual([]);
    expect(of({ podSelector: { matchLabels: app }, policyTypes: ['Egress'] })).toEqual([]);
  });

  test('the sum of what they allow', () => {
    expect(
      of(
        { podSelector: {}, egress: [] },
        {
          podSelector: { matchLabels: app },
          egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 5432 }] }],
        },
        {
          podSelector: {},
          egress: [
            {
              ports: [
                { port: 53, protocol: 'UDP' },
                { port: 8000, endPort: 8100 },
              ],
            },
          ],
        },
      ),
    ).toEqual(['10.0.0.0/8 tcp 5432-5432', '0.0.0.0/0 udp 53-53', '0.0.0.0/0 tcp 8000-8100']);
  });

  test('an empty rule allows everything; what is excepted does not come back', () => {
    expect(of({ podSelector: {}, egress: [{}] })).toEqual(['0.0.0.0/0']);
    const to = [{ ipBlock: { cidr: '10.0.0.0/30', except: ['10.0.0.1/32'] } }];
    expect(of({ podSelector: {}, egress: [{ to }] })).toEqual(['10.0.0.0/32', '10.0.0.2/31']);
  });

  test('other Pods, IPv6, SCTP and ports by name are nothing here', () => {
    const to = [{ podSelector: {} }, { namespaceSelector: {} }, { ipBlock: { cidr: 'fd00::/8' } }];
    expect(of({ podSelector: {}, egress: [{ to }] })).toEqual([]);
    expect(of({ podSelector: {}, egress: [{ ports: [{ port: 'http' }, { protocol: 'SCTP', port: 1 }] }] })).toEqual([]);
  });
});
