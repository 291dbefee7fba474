/**
 * What single Pods may reach, as chains of the firewall. Each address with a policy has one rule that leads to a chain
 * which all Pods with the same policy share; an address without one has none. Pure.
 */

import { createHash } from 'node:crypto';
import { formatSubnet } from '../../resources/ipv4.ts';
import type { EgressRule } from './egress.ts';

/** What differs from what every task may do. */
export interface Restriction {
  /** All that may be reached. Default: everything. */
  readonly egress?: readonly EgressRule[];
  /** TCP ports of the host's 127.0.0.1 that answer at the host's address. */
  readonly hostPorts: readonly number[];
}

interface ChainNames {
  /** filter: leads to the policies' chains, `<egress>-<hash>`. */
  readonly egress: string;
  /** filter: lets pass what was sent on to 127.0.0.1. */
  readonly hostPorts: string;
  /** nat: sends on to 127.0.0.1. */
  readonly forward: string;
}

/** @param prefix of the instance */
export function restrictionChains(prefix: string): ChainNames {
  const name = prefix.toUpperCase();
  return { egress: `${name}-E`, hostPorts: `${name}-HOSTPORTS`, forward: `${name}-DNAT` };
}

interface Entry {
  /** The policy's chain. */
  readonly chain?: string;
  readonly hostPorts: readonly number[];
}

/** The restrictions of one instance, by address; what the kernel holds can be read back into it. */
export class Restrictions {
  readonly #chains: ChainNames;
  readonly #entries = new Map<string, Entry>();
  /** Rules of the policies' chains. */
  readonly #policies = new Map<string, readonly string[]>();

  constructor(prefix: string) {
    this.#chains = restrictionChains(prefix);
  }

  /** Takes over what an earlier server left in force. `saved` is iptables-save's answer. */
  load(saved: string): void {
    const { egress, hostPorts } = this.#chains;
    for (const line of saved.split('\n')) {
      const [, chain = '', rule = ''] = /^-A (\S+) (.*)$/.exec(line) ?? [];
      if (chain.startsWith(`${egress}-`)) this.#policies.set(chain, [...(this.#policies.get(chain) ?? []), rule]);
      const address = /-s ([\d.]+)(\/32)? /.exec(rule)?.[1];
      if (address === undefined) continue;
      const entry = this.#entries.get(address) ?? { hostPorts: [] };
      if (chain === egress) this.#entries.set(address, { ...entry, chain: /-j (\S+)/.exec(rule)![1]! });
      const port = Number(/--dport (\d+)/.exec(rule)?.[1]);
      if (chain === hostPorts) this.#entries.set(address, { ...entry, hostPorts: [...entry.hostPorts, port] });
    }
    // A policy's chain was emptied by another program: the rules of its Pods are written again.
    for (const [address, { chain, ...rest }] of this.#entries)
      if (chain !== undefined && !this.#policies.has(chain)) this.#entries.set(address, rest);
  }

  /** Whether that changes anything. */
  set(address: string, { egress, hostPorts }: Restriction): boolean {
    const before = this.#entries.get(address);
    const rules = egress === undefined ? undefined : policyRules(egress);
    const chain = rules === undefined ? undefined : `${this.#chains.egress}-${digest(rules)}`;
    const ports = [...hostPorts].sort((a, b) => a - b);
    if (before?.chain === chain && (before?.hostPorts ?? []).join() === ports.join()) return false;
    if (chain !== undefined && !this.#policies.has(chain)) this.#policies.set(chain, rules!);
    if (chain === undefined && ports.length === 0) this.#entries.delete(address);
    else this.#entries.set(address, { ...(chain === undefined ? {} : { chain }), hostPorts: ports });
    return true;
  }

  has(address: string): boolean {
    return this.#entries.has(address);
  }

  hostPortsOf(address: string): readonly number[] {
    return this.#entries.get(address)?.hostPorts ?? [];
  }

  /** Forgets addresses that are nobody's any more. Whether there were any. */
  retain(addresses: ReadonlySet<string>): boolean {
    const gone = [...this.#entries.keys()].filter((address) => !addresses.has(address));
    for (const address of gone) this.#entries.delete(address);
    return gone.length > 0;
  }

  get size(): number {
    return this.#entries.size;
  }

  get opensHostPorts(): boolean {
    return [...this.#entries.values()].some(({ hostPorts }) => hostPorts.length > 0);
  }

  /** The rules of each chain, by table; chains of policies that nobody has any more are left out. */
  chains(bridge: string, gateway: string): Readonly<Record<'filter' | 'nat', ReadonlyMap<string, readonly string[]>>> {
    const entries = [...this.#entries];
    const used = new Set(entries.flatMap(([, { chain }]) => chain ?? []));
    for (const chain of this.#policies.keys()) if (!used.has(chain)) this.#policies.delete(chain);
    const ports = entries.flatMap(([address, { hostPorts }]) => hostPorts.map((port) => [address, port] as const));
    const { egress, hostPorts, forward } = this.#chains;
    return {
      filter: new Map([
        [
          egress,
          entries.flatMap(([address, { chain }]) =>
            chain === undefined ? [] : [`-s ${address}/32 -i ${bridge} -j ${chain}`],
          ),
        ],
        [
          hostPorts,
          ports.map(
            ([address, port]) =>
              `-s ${address}/32 -d 127.0.0.1/32 -i ${bridge} -p tcp -m tcp --dport ${port} -m conntrack --ctstate DNAT -j ACCEPT`,
          ),
        ],
        ...this.#policies,
      ]),
      nat: new Map([
        [
          forward,
          ports.map(
            ([address, port]) =>
              `-s ${address}/32 -d ${gateway}/32 -i ${bridge} -p tcp -m tcp --dport ${port} -j DNAT --to-destination 127.0.0.1`,
          ),
        ],
      ]),
    };
  }
}

/** What is allowed goes on to the rules for every task; connections that are open already end at once. */
function policyRules(egress: readonly EgressRule[]): readonly string[] {
  const allowed = egress.map(({ to, protocol, ports }) =>
    [
      ...(to.prefix === 0 ? [] : [`-d ${formatSubnet(to)}`]),
      ...(protocol === undefined ? [] : [`-p ${protocol} -m ${protocol}`]),
      ...(ports === undefined ? [] : [`--dport ${ports[0]}${ports[0] === ports[1] ? '' : `:${ports[1]}`}`]),
      '-j RETURN',
    ].join(' '),
  );
  return [
    // What the host asks of a task may be answered.
    '-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN',
    ...new Set(allowed),
    // Unlike ICMP, resets are not held back when there are many.
    '-p tcp -j REJECT --reject-with tcp-reset',
    '-j REJECT --reject-with icmp-admin-prohibited',
  ];
}

const digest = (rules: readonly string[]): string =>
  createHash('sha256').update(rules.join('\n')).digest('hex').slice(0, 12);
