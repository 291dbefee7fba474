/** Which addresses the tasks of an instance get. Pure. */

import { createHash } from 'node:crypto';
import { formatSubnet, overlaps, parseSubnet, type Subnet, sizeOf } from '../../resources/ipv4.ts';

/** 4,094 addresses: far more than one machine's tasks, and little enough to find a free place for. */
const defaultPrefix = 20;
/** Where to look, in this order: private networks, then carrier-grade NAT and benchmark space for fully routed machines. */
const spaces = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15'];
/** Shorter prefixes are default routes in disguise (VPNs add 0.0.0.0/1 and 128.0.0.0/1). */
const shortestRealPrefix = 4;

/** The bridge's own address, the first of its subnet: the host, as tasks see it. */
export const gatewayOf = ({ base }: Subnet): number => base + 1;

/** The same for every start of the instance, unless another network has come in its way. @throws Error when all is taken */
export function chooseSubnet(instance: string, taken: readonly Subnet[]): Subnet {
  const real = taken.filter(({ prefix }) => prefix >= shortestRealPrefix);
  const seed = createHash('sha256').update(instance).digest().readUInt32BE();
  for (const text of spaces) {
    const space = parseSubnet(text)!;
    const size = 2 ** (32 - defaultPrefix);
    const places = sizeOf(space) / size;
    for (let step = 0; step < places; step++) {
      const candidate = { base: space.base + ((seed + step) % places) * size, prefix: defaultPrefix };
      if (!real.some((other) => overlaps(other, candidate))) return candidate;
    }
  }
  throw new Error('no free private network: every one overlaps with a route of this machine; choose one by `subnet`');
}

/** Hands out a subnet's addresses in turn, so that a released one rests as long as possible. */
export class AddressPool {
  readonly #subnet: Subnet;
  readonly #used = new Set<number>();
  #next = 0;

  constructor(subnet: Subnet) {
    this.#subnet = subnet;
  }

  /** @throws Error when all are in use */
  take(): number {
    // Without the network's own address, the gateway and the broadcast address.
    const usable = sizeOf(this.#subnet) - 3;
    for (let tries = 0; tries < usable; tries++) {
      const address = this.#subnet.base + 2 + (this.#next++ % usable);
      if (this.#used.has(address)) continue;
      this.#used.add(address);
      return address;
    }
    throw new Error(`no address left in ${formatSubnet(this.#subnet)}`);
  }

  /** Marks an address that is in use already. */
  keep(address: number): void {
    this.#used.add(address);
  }

  giveBack(address: number): void {
    this.#used.delete(address);
  }
}
