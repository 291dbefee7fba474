import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSelector, selects } from '../../../src/resources/core/label-selector.ts';
import { NetworkPolicy } from '../../../src/resources/core/network-policy.ts';
import { contains, formatSubnet, parseSubnet, sizeOf, subtract } from '../../../src/resources/ipv4.ts';

const subnet = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 20, max: 32 }))
  .map(([address, prefix]) => ({ base: address - (address % 2 ** (32 - prefix)), prefix }));

describe('networks', () => {
  test('less some others: every address is where it belongs', () => {
    const near = fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }))
      .map(([last, prefix]) => ({ base: 0x0a000000 + last - (last % 2 ** (32 - prefix)), prefix }));
    const whole = parseSubnet('10.0.0.0/24')!;
    fc.assert(
      fc.property(fc.array(near, { maxLength: 4 }), (holes) => {
        const rest = subtract(whole, holes);
        for (let address = whole.base; address < whole.base + 256; address++) {
          const one = { base: address, prefix: 32 };
          const isHole = holes.some((hole) => contains(hole, one));
          if (rest.filter((part) => contains(part, one)).length !== (isHole ? 0 : 1)) return false;
        }
        return true;
      }),
      { numRuns: 50 },
    );
    expect(subtract(parseSubnet('10.0.0.0/8')!, [parseSubnet('10.1.0.0/16')!]).map(formatSubnet)).toEqual([
      '10.0.0.0/16',
      '10.2.0.0/15',
      '10.4.0.0/14',
      '10.8.0.0/13',
      '10.16.0.0/12',
      '10.32.0.0/11',
      '10.64.0.0/10',
      '10.128.0.0/9',
    ]);
  });

  test('less nothing is itself, less everything is nothing', () => {
    fc.assert(
      fc.property(subnet, (one) => {
        expect(subtract(one, [])).toEqual([one]);
        expect(subtract(one, [{ base: 0, prefix: 0 }])).toEqual([]);
        expect(sizeOf(one)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('selectors', () => {
  const labels = { app: 'a', tier: 'web' };
  test.each([
    [{}, true],
    [{ matchLabels: { app: 'a' } }, true],
    [{ matchLabels: { app: 'b' } }, false],
    [{ matchLabels: { other: 'a' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a', 'b'] }] }, false],
    [{ matchExpressions: [{ key: 'gone', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'gone', operator: 'In', values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    [{ matchLabels: { app: 'a' }, matchExpressions: [{ key: 'gone', operator: 'Exists' }] }, false],
  ] as const)('%j: %s', (selector, expected) => {
    expect(selects(selector, labels)).toBe(expected);
  });

  test('as text', () => {
    expect(formatSelector({})).toBe('<none>');
    expect(
      formatSelector({
        matchLabels: { app: 'a' },
        matchExpressions: [
          { key: 'tier', operator: 'In', values: ['b', 'c'] },
          { key: 'd', operator: 'DoesNotExist' },
        ],
      }),
    ).toBe('!d,app=a,tier in (b,c)');
  });
});

describe('NetworkPolicy', () => {
  const policy = (spec: NetworkPolicy['spec']): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'dev' },
    spec,
  });
  const complaints = (egress: NonNullable<NetworkPolicy['spec']['egress']>) =>
    NetworkPolicy.validate!(policy({ podSelector: {}, egress })).map(({ field }) => field);

  test('types follow from what it says, as in Kubernetes', () => {
    const types = (spec: NetworkPolicy['spec']) => NetworkPolicy.default!(policy(spec)).spec.policyTypes;
    expect(types({ podSelector: {} })).toEqual(['Ingress']);
    expect(types({ podSelector: {}, egress: [] })).toEqual(['Ingress', 'Egress']);
    expect(types({ podSelector: {}, egress: [], policyTypes: ['Egress'] })).toEqual(['Egress']);
  });

  test.each([
    [{ to: [{ ipBlock: { cidr: 'db.example.com' } }] }, 'spec.egress[0].to[0].ipBlock.cidr'],
    [{ to: [{ ipBlock: { cidr: '10.0.0.0' } }] }, 'spec.egress[0].to[0].ipBlock.cidr'],
    [{ to: [{ ipBlock: { cidr: '10.0.0.0/33' } }] }, 'spec.egress[0].to[0].ipBlock.cidr'],
    [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }, 'spec.egress[0].to[0].ipBlock.except[0]'],
    [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] }, 'spec.egress[0].to[0].ipBlock.except[0]'],
    [{ to: [{}] }, 'spec.egress[0].to[0]'],
    [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }, 'spec.egress[0].to[0]'],
    [{ ports: [{ port: 0 }] }, 'spec.egress[0].ports[0].port'],
    [{ ports: [{ port: '80' }] }, 'spec.egress[0].ports[0].port'],
    [{ ports: [{ port: 80, endPort: 79 }] }, 'spec.egress[0].ports[0].endPort'],
    [{ ports: [{ endPort: 79 }] }, 'spec.egress[0].ports[0].endPort'],
  ])('%j is refused at %s', (rule, field) => {
    expect(complaints([rule])).toEqual([field]);
  });

  test('what is right passes', () => {
    const to = [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }, { ipBlock: { cidr: 'fd00::/8' } }];
    expect(
      complaints([
        {
          to,
          ports: [
            { port: 80, endPort: 90 },
            { port: 'http', protocol: 'UDP' },
          ],
        },
        {},
      ]),
    ).toEqual([]);
  });
});
