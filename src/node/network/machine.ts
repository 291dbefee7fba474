/** Reads what this machine's network looks like. */

import { readFileSync } from 'node:fs';
import { parseAddress, parseSubnet, type Subnet } from '../../resources/ipv4.ts';
import type { RunCommand } from '../host/run-command.ts';
import { type Resolution, resolvConfFiles, resolve } from './resolv-conf.ts';

export interface Link {
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
  /** `bridge`, `veth` …; empty for hardware. */
  readonly kind: string;
  /** A free text that links carry: where we keep what must survive a restart. */
  readonly alias: string;
}

interface IpLink {
  readonly ifname?: string;
  readonly mtu?: number;
  readonly ifalias?: string;
  readonly flags?: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string };
}

interface IpRoute {
  readonly dst?: string;
  readonly dev?: string;
  readonly metric?: number;
  readonly metrics?: readonly { readonly mtu?: number }[];
  readonly table?: string;
}

interface IpAddress {
  readonly ifname?: string;
  readonly addr_info?: readonly { readonly family?: string; readonly local?: string; readonly prefixlen?: number }[];
}

export interface Route {
  /** Undefined for the default route. */
  readonly to: Subnet | undefined;
  readonly device: string;
  readonly metric: number;
  readonly mtu: number | undefined;
  readonly main: boolean;
}

/** `ip -json` prints nothing at all where it has nothing to tell. */
const parse = <T>(text: string): readonly T[] => (text.trim() === '' ? [] : (JSON.parse(text) as T[]));

export async function readLinks(run: RunCommand): Promise<readonly Link[]> {
  return parse<IpLink>(await run('ip', ['-json', '-details', 'link', 'show'])).map((link) => ({
    name: link.ifname ?? '',
    mtu: link.mtu ?? 1500,
    up: link.flags?.includes('UP') ?? false,
    kind: link.linkinfo?.info_kind ?? '',
    alias: link.ifalias ?? '',
  }));
}

export async function readRoutes(run: RunCommand): Promise<readonly Route[]> {
  return parse<IpRoute>(await run('ip', ['-4', '-json', 'route', 'show', 'table', 'all'])).flatMap((route) => {
    const to = route.dst === 'default' ? undefined : parseSubnet(route.dst ?? '');
    if (to === undefined && route.dst !== 'default') return [];
    const mtu = route.metrics?.find((metrics) => metrics.mtu !== undefined)?.mtu;
    const main = route.table === undefined || route.table === 'main';
    return [{ to, device: route.dev ?? '', metric: route.metric ?? 0, mtu, main }];
  });
}

/** The IPv4 network that a link has an address of, with host bits. Undefined without one. */
export async function readAddress(
  run: RunCommand,
  link: string,
): Promise<{ readonly address: number; readonly subnet: Subnet } | undefined> {
  const [entry] = parse<IpAddress>(await run('ip', ['-4', '-json', 'address', 'show', 'dev', link]));
  const info = entry?.addr_info?.find(({ family }) => family === 'inet');
  const address = parseAddress(info?.local ?? '');
  const subnet = parseSubnet(`${info?.local}/${info?.prefixlen}`);
  return address === undefined || subnet === undefined ? undefined : { address, subnet };
}

/** What fits through the way to the outside; 1500 without one. */
export function outsideMtu(links: readonly Link[], routes: readonly Route[]): number {
  const [best] = routes.filter(({ to, main }) => to === undefined && main).sort((a, b) => a.metric - b.metric);
  return best?.mtu ?? links.find(({ name }) => name === best?.device)?.mtu ?? 1500;
}

/** Read anew each time: a laptop joins another network while the server runs. */
export function readResolution(): Resolution {
  return resolve(
    resolvConfFiles.map((file) => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return undefined;
      }
    }),
  );
}
