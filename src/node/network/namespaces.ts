/** Makes and removes network namespaces: the only place that knows how one is built. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../files/exists.ts';
import { formatAddress, formatSubnet, type Subnet } from '../../resources/ipv4.ts';
import type { RunCommand } from '../host/run-command.ts';
import { gatewayOf } from './subnet.ts';

/** Where `ip netns` keeps them. */
export const namespaceDirectory = '/run/netns';

export const namespacePath = (id: string): string => join(namespaceDirectory, id);

export interface NamespacePlan {
  readonly bridge: string;
  readonly subnet: Subnet;
  readonly mtu: number;
  /** Networks no task may reach; the firewall refuses them too. */
  readonly deniedNetworks: readonly string[];
  /** Denied addresses that must be reached all the same, on the port that the firewall leaves open. */
  readonly exceptions: readonly string[];
}

/** The hardware address follows from the IP address: a neighbour entry of an address's former owner stays right. */
export const hardwareAddress = (address: number): string =>
  ['0a', '58', ...[24, 16, 8, 0].map((bits) => ((address >>> bits) & 255).toString(16).padStart(2, '0'))].join(':');

/** The host's half: namespace, link pair, bridge port. The address stays with the link for whoever adopts it. */
function hostCommands(plan: NamespacePlan, id: string, address: number): string {
  return [
    `netns add ${id}`,
    `link add ${id} mtu ${plan.mtu} type veth peer name eth0 mtu ${plan.mtu} address ${hardwareAddress(address)} netns ${id}`,
    `link set dev ${id} addrgenmode none`,
    `link set dev ${id} alias ${formatAddress(address)}`,
    `link set dev ${id} master ${plan.bridge} up`,
    // Ports that are isolated reach the bridge itself and nothing else on it.
    `link set dev ${id} type bridge_slave isolated on`,
    '',
  ].join('\n');
}

/** The inner half. Denied networks end here already, with an error at once, whatever happens to the firewall. */
function innerCommands(plan: NamespacePlan, address: number): string {
  const gateway = formatAddress(gatewayOf(plan.subnet));
  return [
    'link set lo up',
    `address add ${formatAddress(address)}/32 dev eth0`,
    'link set eth0 up',
    `route add ${gateway}/32 dev eth0 scope link`,
    `route add default via ${gateway}`,
    ...[...plan.deniedNetworks, formatSubnet(plan.subnet)].map((network) => `route add prohibit ${network}`),
    ...plan.exceptions.map((exception) => `route add ${exception}/32 via ${gateway}`),
    '',
  ].join('\n');
}

/** No IPv6, no redirects; ping and ports below 1024 for everybody, since the namespace holds nobody else. */
const innerSysctls: readonly (readonly [string, string])[] = [
  ['ipv6/conf/all/disable_ipv6', '1'],
  ['ipv6/conf/default/disable_ipv6', '1'],
  ['ipv4/conf/all/accept_redirects', '0'],
  ['ipv4/conf/default/accept_redirects', '0'],
  ['ipv4/conf/eth0/accept_redirects', '0'],
  ['ipv4/ip_unprivileged_port_start', '0'],
  ['ipv4/ping_group_range', '0 2147483647'],
];

/** A kernel without IPv6 lacks those files; what is there must take its value. */
const innerScript = `${innerSysctls
  .map(([name, value]) => `{ [ ! -e /proc/sys/net/${name} ] || echo '${value}' > /proc/sys/net/${name}; }`)
  .join(' && ')} && exec ip -batch -`;

export interface Namespace {
  readonly id: string;
  readonly address: number;
}

/** All of them by two programs. @throws CommandError; what was made until then is removed */
export async function makeNamespaces(
  run: RunCommand,
  plan: NamespacePlan,
  namespaces: readonly Namespace[],
): Promise<void> {
  try {
    const outside = namespaces.map(({ id, address }) => hostCommands(plan, id, address)).join('');
    await run('ip', ['-batch', '-'], { input: outside });
    await run('sh', ['-e', '-s'], { input: insideScript(plan, namespaces) });
  } catch (error) {
    const ids = namespaces.map(({ id }) => id);
    await removeNamespaces(run, ids).catch(() => {});
    throw error;
  }
}

/** Each namespace is entered once. */
const insideScript = (plan: NamespacePlan, namespaces: readonly Namespace[]): string =>
  [
    `inside=$(cat <<'SCRIPT'\n${innerScript}\nSCRIPT\n)\n`,
    ...namespaces.map(
      ({ id, address }) =>
        `nsenter --net=${namespacePath(id)} sh -c "$inside" <<'BATCH'\n${innerCommands(plan, address)}BATCH\n`,
    ),
  ].join('');

/** Any number that nobody else gives to links; ours have it for the moment in which they go. */
const doomedGroup = 0x6b66;

/**
 * Removes namespaces with their links; those that are gone are fine. The kernel takes the links away a moment later,
 * unless `links` asks for them to go before it returns.
 */
export async function removeNamespaces(
  run: RunCommand,
  ids: readonly string[],
  { links = true }: { readonly links?: boolean } = {},
): Promise<void> {
  if (ids.length === 0) return;
  // Links that go one by one take 20 ms each, all together they take as long as one.
  const deleteLinks = [
    ...ids.map((id) => `link set dev ${id} group ${doomedGroup}`),
    `link delete group ${doomedGroup}`,
  ];
  const input = [...(links ? deleteLinks : []), ...ids.map((id) => `netns delete ${id}`), ''].join('\n');
  const failure = await run('ip', ['-force', '-batch', '-'], { input }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) return;
  const left = await Promise.all(ids.map((id) => isNamespace(id)));
  if (left.includes(true)) throw failure;
}

/** Whether it exists and is mounted: a file alone may be the rest of one. */
export async function isNamespace(id: string): Promise<boolean> {
  try {
    const [own, above] = await Promise.all([stat(namespacePath(id)), stat(namespaceDirectory)]);
    return own.dev !== above.dev;
  } catch {
    return false;
  }
}

/** All that `ip netns` knows, of whomever. */
export async function listNamespaces(): Promise<readonly string[]> {
  return readdir(namespaceDirectory).catch(() => []);
}

export const namespaceDirectoryExists = (): Promise<boolean> => exists(namespaceDirectory);
