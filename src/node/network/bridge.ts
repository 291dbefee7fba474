/** The instance's bridge: what tasks are plugged into, and where the state before us is remembered. */

import { readFile, rmdir, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { formatAddress, parseAddress, parseSubnet, type Subnet } from '../../resources/ipv4.ts';
import type { RunCommand } from '../host/run-command.ts';
import { type Link, outsideMtu, readAddress, readLinks, readRoutes } from './machine.ts';
import { hardwareAddress, listNamespaces, namespaceDirectory, namespaceDirectoryExists } from './namespaces.ts';
import { chooseSubnet, gatewayOf } from './subnet.ts';

const forwardingFile = '/proc/sys/net/ipv4/ip_forward';

/** What the machine was before the first of our bridges; kept as the bridge's alias, so it lives as long as that. */
interface Before {
  readonly forwarding: boolean;
  readonly namespaceDirectory: boolean;
}

const aliasOf = (before: Before): string =>
  `kf before: ip_forward=${Number(before.forwarding)} netns=${Number(before.namespaceDirectory)}`;

function beforeOf(alias: string): Before | undefined {
  const match = /^kf before: ip_forward=([01]) netns=([01])$/.exec(alias);
  return match === null ? undefined : { forwarding: match[1] === '1', namespaceDirectory: match[2] === '1' };
}

export interface Bridge {
  readonly name: string;
  readonly subnet: Subnet;
  readonly mtu: number;
}

export interface BridgeOptions {
  readonly instance: string;
  readonly name: string;
  /** `a.b.c.d/n`, at least /29; default: a free one. A bridge that exists keeps its own. */
  readonly subnet?: string;
  /** Addresses that must stay reachable. */
  readonly nameservers: readonly string[];
}

/** Makes the bridge, or takes over the one of a server that ran before. @throws Error */
export async function ensureBridge(run: RunCommand, options: BridgeOptions): Promise<Bridge> {
  const { name } = options;
  const [links, routes] = await Promise.all([readLinks(run), readRoutes(run)]);
  const mtu = outsideMtu(links, routes);
  const existing = links.some((link) => link.name === name && link.up) ? await readAddress(run, name) : undefined;
  if (existing !== undefined) {
    await enableForwarding();
    return { name, subnet: existing.subnet, mtu };
  }
  const taken = [
    ...routes.flatMap(({ to }) => (to === undefined ? [] : [to])),
    ...options.nameservers.map((server) => parseSubnet(server)!),
    ...ownAddresses(),
  ];
  const subnet = options.subnet === undefined ? chooseSubnet(options.instance, taken) : givenSubnet(options.subnet);
  const before = await readBefore(links);
  const gateway = gatewayOf(subnet);
  await run('ip', ['-batch', '-'], {
    input: [
      // A bridge that is not up with an address is the rest of a start that was cut short.
      ...(links.some((link) => link.name === name) ? [`link delete ${name}`] : []),
      `link add ${name} mtu ${mtu} address ${hardwareAddress(gateway)} type bridge`,
      `link set dev ${name} alias "${aliasOf(before)}"`,
      `link set dev ${name} addrgenmode none`,
      `address add ${formatAddress(gateway)}/${subnet.prefix} dev ${name}`,
      `link set dev ${name} up`,
      '',
    ].join('\n'),
  });
  await Promise.all([
    enableForwarding(),
    // Tasks are told at once that they cannot reach one another, not where to try.
    writeFile(`/proc/sys/net/ipv4/conf/${name}/send_redirects`, '0'),
    writeFile(`/proc/sys/net/ipv4/conf/${name}/route_localnet`, '0'),
    // A kernel without IPv6 lacks it.
    writeFile(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1').catch(() => {}),
  ]);
  return { name, subnet, mtu };
}

/** Removes the bridge; the last of ours puts the machine's settings back. Fine when it is gone. */
export async function removeBridge(run: RunCommand, name: string): Promise<void> {
  const links = await readLinks(run);
  const own = links.find((link) => link.name === name);
  if (own === undefined) return;
  await run('ip', ['link', 'delete', name]);
  const before = beforeOf(own.alias);
  const others = links.filter((link) => link.kind === 'bridge' && link.name !== name);
  if (before === undefined || others.some(({ alias }) => beforeOf(alias) !== undefined)) return;
  // Another program's bridge has come to rely on forwarding, even if we were the first to need it.
  if (!before.forwarding && others.length === 0) await writeFile(forwardingFile, '0');
  if (!before.namespaceDirectory && (await listNamespaces()).length === 0) {
    await run('umount', [namespaceDirectory]).catch(() => {});
    await rmdir(namespaceDirectory).catch(() => {});
  }
}

async function readBefore(links: readonly Link[]): Promise<Before> {
  // Beside another of our bridges the present state is our own doing.
  const inherited = links.flatMap(({ alias }) => beforeOf(alias) ?? [])[0];
  if (inherited !== undefined) return inherited;
  return { forwarding: await isForwarding(), namespaceDirectory: await namespaceDirectoryExists() };
}

const isForwarding = async (): Promise<boolean> => (await readFile(forwardingFile, 'utf8')).trim() === '1';

/** Whoever applies the machine's sysctl files anew may have switched it off. */
export async function enableForwarding(): Promise<void> {
  // Writing it, even unchanged, resets other settings of every interface.
  if (!(await isForwarding())) await writeFile(forwardingFile, '1');
}

function givenSubnet(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined || subnet.prefix > 29) throw new Error(`subnet ${text}: want a.b.c.d/n with n at most 29`);
  return subnet;
}

/** Routes tell most of it, but not a point-to-point address. */
function ownAddresses(): readonly Subnet[] {
  return Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .flatMap(({ address }) => (parseAddress(address) === undefined ? [] : [parseSubnet(address)!]));
}
