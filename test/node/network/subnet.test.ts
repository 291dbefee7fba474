import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressPool, chooseSubnet } from '../../../src/node/network/subnet.ts';
import { formatAddress, formatSubnet, overlaps, parseAddress, parseSubnet } from '../../../src/resources/ipv4.ts';

const subnets = (...texts: string[]) => texts.map((text) => parseSubnet(text)!);

describe('addresses and subnets', () => {
  it('are read and written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => parseAddress(formatAddress(value)) === value),
    );
    expect(formatSubnet(parseSubnet('10.1.2.3/20')!)).toBe('10.1.0.0/20');
    expect(formatSubnet(parseSubnet('255.255.255.255')!)).toBe('255.255.255.255/32');
    expect(formatSubnet(parseSubnet('128.0.0.0/1')!)).toBe('128.0.0.0/1');
  });

  it.each(['', '10.0.0', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::1', 'a.b.c.d'])('refuse %j', (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });

  it.each([
    ['10.0.0.0/8', '10.255.255.53', true],
    ['10.0.0.0/20', '10.0.16.0/20', false],
    ['0.0.0.0/0', '192.168.1.0/24', true],
    ['192.168.0.0/24', '192.168.1.0/24', false],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlaps(parseSubnet(a)!, parseSubnet(b)!)).toBe(expected);
    expect(overlaps(parseSubnet(b)!, parseSubnet(a)!)).toBe(expected);
  });
});

describe('chooseSubnet', () => {
  it('is a private /20, always the same one for an instance', () => {
    expect(formatSubnet(chooseSubnet('a', []))).toMatch(/^10\.\d+\.\d+\.0\/20$/);
    expect(chooseSubnet('a', [])).toEqual(chooseSubnet('a', []));
    expect(chooseSubnet('b', [])).not.toEqual(chooseSubnet('a', []));
  });

  it('gives way to routes', () => {
    const first = chooseSubnet('a', []);
    expect(overlaps(chooseSubnet('a', [first]), first)).toBe(false);
    expect(formatSubnet(chooseSubnet('a', subnets('10.0.0.0/8')))).toMatch(/^172\./);
    const allPrivate = subnets('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16');
    expect(formatSubnet(chooseSubnet('a', allPrivate))).toMatch(/^100\./);
  });

  it('takes the halves of a VPN’s default route for what they are', () => {
    expect(chooseSubnet('a', subnets('0.0.0.0/1', '128.0.0.0/1'))).toEqual(chooseSubnet('a', []));
  });

  it('says so when nothing is left', () => {
    const all = Array.from({ length: 16 }, (_, index) => parseSubnet(`${index * 16}.0.0.0/4`)!);
    expect(() => chooseSubnet('a', all)).toThrow('subnet');
  });
});

describe('AddressPool', () => {
  it('hands out every address but network, gateway and broadcast, in turn', () => {
    const pool = new AddressPool(parseSubnet('10.0.0.0/29')!);
    const all = Array.from({ length: 5 }, () => formatAddress(pool.take()));
    expect(all).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(() => pool.take()).toThrow('no address left in 10.0.0.0/29');
  });

  it('lets a returned address rest, and leaves alone what is in use', () => {
    const pool = new AddressPool(parseSubnet('10.0.0.0/29')!);
    pool.keep(parseAddress('10.0.0.3')!);
    const first = pool.take();
    pool.giveBack(first);
    expect([pool.take(), pool.take(), pool.take(), pool.take()].map(formatAddress)).toEqual([
      '10.0.0.4',
      '10.0.0.5',
      '10.0.0.6',
      '10.0.0.2',
    ]);
  });
});
