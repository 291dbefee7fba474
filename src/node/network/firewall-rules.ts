/** The instance's firewall, as text for `iptables-restore --noflush`. Pure. */

import { formatAddress, formatSubnet, overlaps, parseSubnet, type Subnet } from '../../resources/ipv4.ts';
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
  readonly from: string;
  readonly name: string;
}

export const chainsOf = (prefix: string): readonly Chain[] => {
  const name = prefix.toUpperCase();
  return [
    { table: 'filter', from: 'INPUT', name: `${name}-INPUT` },
    { table: 'filter', from: 'FORWARD', name: `${name}-FORWARD` },
    { table: 'nat', from: 'POSTROUTING', name: `${name}-POSTROUTING` },
  ];
};

/** The name servers among the denied addresses. */
export const deniedNameservers = ({ deniedNetworks, nameservers }: FirewallPlan): readonly string[] =>
  nameservers.filter((server) =>
    deniedNetworks.some((network) => overlaps(parseSubnet(network)!, parseSubnet(server)!)),
  );

const refuse = 'REJECT --reject-with icmp-port-unreachable';

/** What holds in both directions a task's packets may take: to the host, and through it. */
function denials(plan: FirewallPlan): readonly string[] {
  const { bridge, subnet, deniedNetworks } = plan;
  return [
    // Nobody on the bridge speaks with another address than those we gave out.
    `-i ${bridge} ! -s ${formatSubnet(subnet)} -j DROP`,
    ...deniedNameservers(plan).flatMap((server) =>
      ['udp', 'tcp'].map((protocol) => `-i ${bridge} -d ${server}/32 -p ${protocol} --dport 53 -j ACCEPT`),
    ),
    ...deniedNetworks.map((network) => `-i ${bridge} -d ${network} -j ${refuse}`),
  ];
}

function inputRules(plan: FirewallPlan): readonly string[] {
  const { bridge, subnet, deniedHostPorts } = plan;
  return [
    ...denials(plan),
    `-i ${bridge} -d 127.0.0.0/8 -j DROP`,
    ...deniedHostPorts.map((port) => `-i ${bridge} -p tcp --dport ${port} -j REJECT --reject-with tcp-reset`),
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
    ...denials(plan),
    `-i ${bridge} -j ACCEPT`,
  ];
}

const natRules = ({ bridge, subnet }: FirewallPlan): readonly string[] => [
  `-s ${formatSubnet(subnet)} ! -o ${bridge} -j MASQUERADE`,
];

/** Jumps that are there already go first, so that repeating it changes nothing. `saved` is iptables-save's answer. */
export function installText(plan: FirewallPlan, saved: string): string {
  const rules = [inputRules(plan), forwardRules(plan), natRules(plan)];
  return byTable(chainsOf(plan.prefix), (chain, index) => [
    // Naming a chain makes it, or empties it.
    `:${chain.name} - [0:0]`,
    ...oldJumps(chain, saved),
    `-I ${chain.from} 1 -j ${chain.name}`,
    ...rules[index]!.map((rule) => `-A ${chain.name} ${rule}`),
  ]);
}

/** Empty when nothing of ours is there. */
export function removeText(prefix: string, saved: string): string {
  const present = chainsOf(prefix).filter(({ name }) => saved.includes(`\n:${name} `));
  return byTable(present, (chain) => [`:${chain.name} - [0:0]`, ...oldJumps(chain, saved), `-X ${chain.name}`]);
}

/** Whether everything `installText` makes is there, with our jumps where they were put. */
export function isInstalled(plan: FirewallPlan, saved: string): boolean {
  const lines = new Set(saved.split('\n'));
  const counts = [inputRules(plan), forwardRules(plan), natRules(plan)].map((rules) => rules.length);
  return chainsOf(plan.prefix).every(
    ({ from, name }, index) =>
      lines.has(`-A ${from} -j ${name}`) &&
      [...lines].filter((line) => line.startsWith(`-A ${name} `)).length === counts[index],
  );
}

/** Tables that hold no rule, no chain of anybody and no policy: what they were before we came. */
export function emptyTables(saved: string): readonly string[] {
  return saved
    .split(/^\*/m)
    .slice(1)
    .filter((table) => !/^-A /m.test(table) && !/^:\S+ (?!ACCEPT )/m.test(table))
    .map((table) => table.split('\n')[0]!);
}

function oldJumps({ from, name }: Chain, saved: string): readonly string[] {
  return saved.split('\n').flatMap((line) => (line === `-A ${from} -j ${name}` ? [`-D ${from} -j ${name}`] : []));
}

function byTable(chains: readonly Chain[], linesOf: (chain: Chain, index: number) => readonly string[]): string {
  const tables = [...new Set(chains.map(({ table }) => table))];
  return tables
    .flatMap((table) => [
      `*${table}`,
      ...chains.flatMap((chain, index) => (chain.table === table ? linesOf(chain, index) : [])),
      'COMMIT',
      '',
    ])
    .join('\n');
}
