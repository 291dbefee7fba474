/** `--allow CIDR[:PORT[/tcp|udp]]`: what a network policy lets pass, as people write it. Pure. */

import type { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { formatSubnet, parseSubnet } from '../../resources/ipv4.ts';

export type EgressRule = NonNullable<NetworkPolicy['spec']['egress']>[number];
type Port = NonNullable<EgressRule['ports']>[number];

/** @throws Error saying what is wrong with the text, and what would be right */
export function parseAllow(text: string): EgressRule {
  const [, place = '', ports, protocol] = /^([^:]*)(?::([^/:]*)(?:\/(\w*))?)?$/.exec(text) ?? [];
  const to = [{ ipBlock: { cidr: cidrOf(place === '' ? text : place) } }];
  return ports === undefined ? { to } : { to, ports: [portOf(text, ports, protocol)] };
}

function cidrOf(text: string): string {
  const subnet = parseSubnet(text);
  if (subnet === undefined && /^\[?[0-9a-f]*:[0-9a-f:]*/i.test(text))
    throw new Error(`${JSON.stringify(text)} is IPv6: Tasks have IPv4 only.`);
  if (subnet === undefined && /[a-z]/i.test(text))
    throw new Error(
      `${JSON.stringify(text)} is a name: a policy knows addresses only, like 192.0.2.7 (getent ahostsv4 NAME finds them).`,
    );
  if (subnet === undefined)
    throw new Error(`${JSON.stringify(text)} is no address or network: it must be like 192.0.2.7 or 10.0.0.0/8.`);
  const cidr = formatSubnet(subnet);
  if (text.includes('/') && text !== cidr)
    throw new Error(`${JSON.stringify(text)} is an address within a network: the network is ${cidr}.`);
  return cidr;
}

function portOf(text: string, ports: string, protocol = 'tcp'): Port {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === '' || from < 1 || to > 65535 || to < from)
    throw new Error(
      `${JSON.stringify(ports)} in ${JSON.stringify(text)} is no port: it must be from 1 to 65535, or a range like 8000-8100.`,
    );
  if (!/^(tcp|udp)$/i.test(protocol))
    throw new Error(`${JSON.stringify(protocol)} in ${JSON.stringify(text)} is no protocol: it must be tcp or udp.`);
  return {
    protocol: protocol.toLowerCase() === 'udp' ? 'UDP' : 'TCP',
    port: from,
    ...(to === from ? {} : { endPort: to }),
  };
}

/** Looking up names: port 53 of any address, as a policy for any cluster says it. */
export const dnsRule: EgressRule = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/** What a policy lets pass, in the words of `--allow`; undefined when it says nothing of what is sent. */
export function describeEgress({ policyTypes, egress = [] }: NetworkPolicy['spec']): readonly string[] | undefined {
  if (policyTypes?.includes('Egress') !== true) return undefined;
  if (egress.length === 0) return ['nothing'];
  return egress.flatMap(({ to = [], ports = [] }) => {
    const places = to.length === 0 ? ['any'] : to.map(placeText);
    const gates = ports.length === 0 ? [''] : ports.map(gateText);
    return places.flatMap((place) => gates.map((gate) => `${place}${gate}`));
  });
}

function placeText({ ipBlock, podSelector, namespaceSelector }: NonNullable<EgressRule['to']>[number]): string {
  if (ipBlock === undefined)
    return podSelector === undefined && namespaceSelector !== undefined ? 'Pods of other Spaces' : 'Pods';
  const { cidr, except = [] } = ipBlock;
  return except.length === 0 ? cidr : `${cidr} but ${except.join(', ')}`;
}

const gateText = ({ protocol = 'TCP', port, endPort }: Port): string =>
  `:${port === undefined ? '*' : endPort === undefined ? port : `${port}-${endPort}`}/${protocol.toLowerCase()}`;
