/** The instance's firewall, as text for `iptables-restore --noflush`. Pure. */

import { formatAddress, formatSubnet, overlaps, parseSubnet, type Subnet } from '../../resources/ipv4.ts';
import { type Restrictions, restrictionChains } from './restrictions.ts';
import { gatewayOf } from './subnet.ts';

export interface FirewallPlan {
  /** What the chains' names begin with. */
  readonly prefix: string;
  readonly bridge: string;
  readonly subnet: Subnet;
  /** Networks no task may reach. */
  readonly deniedNetworks: readonly string[];
  /** TCP ports of the host no task may reach, the API server's first of all. */
  readonly deniedHostPorts: readonly number[];
  /** A cloud's name server may have a denied address; then its port 53 stays open. */
  readonly nameservers: readonly string[];
}

interface Chain {
  readonly table: 'filter' | 'nat';
  readonly name: string;
  /** The kernel's chain that leads to it; absent: another chain of ours does. */
  readonly from?: string;
  readonly rules: readonly string[];
}

const upper = (prefix: string): string => prefix.toUpperCase();

/** The name servers among the denied addresses. */
export const deniedNameservers = ({ deniedNetworks, nameservers }: FirewallPlan): readonly string[] =>
  nameservers.filter((server) =>
    deniedNetworks.some((network) => overlaps(parseSubnet(network)!, parseSubnet(server)!)),
  );

const refuse = 'REJECT --reject-with icmp-port-unreachable';

/** What holds in both directions a task's packets may take: to the host, and through it. */
function denials(plan: FirewallPlan): readonly string[] {
  const { bridge, deniedNetworks } = plan;
  return [
    // First what the Pod's own policy says; what that allows goes on here.
    `-i ${bridge} -j ${restrictionChains(plan.prefix).egress}`,
    ...deniedNameservers(plan).flatMap((server) =>
      ['udp', 'tcp'].map((protocol) => `-i ${bridge} -d ${server}/32 -p ${protocol} --dport 53 -j ACCEPT`),
    ),
    ...deniedNetworks.map((network) => `-i ${bridge} -d ${network} -j ${refuse}`),
  ];
}

/** On the bridge only the addresses that were given out may send (no spoofing). */
const antiSpoofing = ({ bridge, subnet }: FirewallPlan): string => `-i ${bridge} ! -s ${formatSubnet(subnet)} -j DROP`;

function inputRules(plan: FirewallPlan): readonly string[] {
  const { bridge, subnet, deniedHostPorts } = plan;
  return [
    antiSpoofing(plan),
    ...deniedHostPorts.map((port) => `-i ${bridge} -p tcp --dport ${port} -j REJECT --reject-with tcp-reset`),
    // Nothing reaches the host's loopback but what was sent on to an allowed port.
    `-i ${bridge} -d 127.0.0.0/8 -j ${restrictionChains(plan.prefix).hostPorts}`,
    `-i ${bridge} -d 127.0.0.0/8 -j DROP`,
    ...denials(plan),
    // Other addresses of the host are left to the rules that its owner made.
    `-i ${bridge} -d ${formatAddress(gatewayOf(subnet))}/32 -j ACCEPT`,
    `-i ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  ];
}

function forwardRules(plan: FirewallPlan): readonly string[] {
  const { bridge } = plan;
  return [
    `-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-o ${bridge} -j ${refuse}`,
    antiSpoofing(plan),
    ...denials(plan),
    // Nor the tasks of another server of ours on this machine.
    `-i ${bridge} -o kf-+ -j ${refuse}`,
    `-i ${bridge} -j ACCEPT`,
  ];
}

/** Chains that are there as long as the server's bridge is. */
function lasting(plan: FirewallPlan): readonly Chain[] {
  const { prefix, bridge, subnet } = plan;
  const name = upper(prefix);
  const gateway = formatAddress(gatewayOf(subnet));
  return [
    { table: 'filter', name: `${name}-INPUT`, from: 'INPUT', rules: inputRules(plan) },
    { table: 'filter', name: `${name}-FORWARD`, from: 'FORWARD', rules: forwardRules(plan) },
    {
      table: 'nat',
      name: `${name}-PREROUTING`,
      from: 'PREROUTING',
      rules: [
        ...plan.deniedHostPorts.map((port) => `-i ${bridge} -p tcp --dport ${port} -j RETURN`),
        `-i ${bridge} -d ${gateway}/32 -p tcp -j ${restrictionChains(prefix).forward}`,
      ],
    },
    {
      table: 'nat',
      // A name of its own: the filter table's chain has the other one.
      name: `${name}-NATINPUT`,
      from: 'INPUT',
      // What listens on 127.0.0.1 often answers no other address.
      rules: [`-i ${bridge} -d 127.0.0.1/32 -m conntrack --ctstate DNAT -j SNAT --to-source 127.0.0.1`],
    },
    {
      table: 'nat',
      name: `${name}-POSTROUTING`,
      from: 'POSTROUTING',
      rules: [`-s ${formatSubnet(subnet)} ! -o ${bridge} -j MASQUERADE`],
    },
  ];
}

/** Chains that change with the Pods. */
function changing(plan: FirewallPlan, restrictions: Restrictions): readonly Chain[] {
  const chains = restrictions.chains(plan.bridge, formatAddress(gatewayOf(plan.subnet)));
  return (['filter', 'nat'] as const).flatMap((table) =>
    [...chains[table]].map(([name, rules]) => ({ table, name, rules })),
  );
}

/** Jumps that are there already go first, so that repeating it changes nothing. `saved` is iptables-save's answer. */
export function installText(plan: FirewallPlan, restrictions: Restrictions, saved: string): string {
  const wanted = [...lasting(plan), ...changing(plan, restrictions)];
  const stale = ownChains(plan.prefix, saved).filter(({ name }) => wanted.every((chain) => chain.name !== name));
  return render(wanted, stale, saved);
}

/** Replaces what the Pods' policies ask for, in one step. `stale`: chains of policies that went. */
export function restrictText(plan: FirewallPlan, restrictions: Restrictions, before: readonly string[]): string {
  const wanted = changing(plan, restrictions);
  const names = new Set(wanted.map(({ name }) => name));
  const stale = before.filter((name) => !names.has(name)).map((name) => ({ table: 'filter' as const, name }));
  return render(wanted, stale, '');
}

/** Names of the chains that the Pods' policies have. */
export const policyChains = (plan: FirewallPlan, restrictions: Restrictions): readonly string[] =>
  changing(plan, restrictions).flatMap(({ name }) =>
    name.startsWith(`${restrictionChains(plan.prefix).egress}-`) ? [name] : [],
  );

/** Empty when nothing of ours is there. */
export const removeText = (prefix: string, saved: string): string => render([], ownChains(prefix, saved), saved);

/** Whether everything `installText` makes is there, with our jumps where they were put. */
export function isInstalled(plan: FirewallPlan, restrictions: Restrictions, saved: string): boolean {
  const lines = saved.split('\n');
  return [...lasting(plan), ...changing(plan, restrictions)].every(
    ({ from, name, rules }) =>
      (from === undefined || lines.includes(`-A ${from} -j ${name}`)) &&
      lines.some((line) => line.startsWith(`:${name} `)) &&
      lines.filter((line) => line.startsWith(`-A ${name} `)).length === rules.length,
  );
}

type ChainName = Pick<Chain, 'table' | 'name'>;

/** Every chain of the prefix, of whatever version of this program. */
function ownChains(prefix: string, saved: string): readonly ChainName[] {
  const found: ChainName[] = [];
  let table = '';
  for (const line of saved.split('\n')) {
    table = /^\*(\S+)/.exec(line)?.[1] ?? table;
    const name = new RegExp(`^:(${upper(prefix)}-\\S+) `).exec(line)?.[1];
    if (name !== undefined && (table === 'filter' || table === 'nat')) found.push({ table, name });
  }
  return found;
}

function render(wanted: readonly Chain[], stale: readonly ChainName[], saved: string): string {
  return (['filter', 'nat'] as const)
    .map((table) => {
      const chains = wanted.filter((chain) => chain.table === table);
      const going = stale.filter((chain) => chain.table === table);
      const all = [...chains, ...going];
      const lines = [
        // Naming a chain makes it, or empties it.
        ...all.map(({ name }) => `:${name} - [0:0]`),
        ...all.flatMap(({ name }) => jumpsTo(name, table, saved)),
        ...chains.flatMap(({ from, name }) => (from === undefined ? [] : [`-I ${from} 1 -j ${name}`])),
        ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
        ...going.map(({ name }) => `-X ${name}`),
      ];
      return lines.length === 0 ? '' : [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
    })
    .join('');
}

/** Deletes the jumps to a chain from the kernel's own chains. */
const jumpsTo = (name: string, table: string, saved: string): readonly string[] =>
  (saved.split(/^\*/m).find((text) => text.startsWith(`${table}\n`)) ?? '')
    .split('\n')
    .flatMap((line) =>
      /^-A (INPUT|FORWARD|PREROUTING|POSTROUTING) -j (\S+)$/.exec(line)?.[2] === name ? [`-D${line.slice(2)}`] : [],
    );

/** Tables that hold no rule, no chain of anybody and no policy: what they were before we came. */
export function emptyTables(saved: string): readonly string[] {
  return saved
    .split(/^\*/m)
    .slice(1)
    .filter((table) => !/^-A /m.test(table) && !/^:\S+ (?!ACCEPT )/m.test(table))
    .map((table) => table.split('\n')[0]!);
}
