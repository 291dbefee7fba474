/** The host's real upstream name servers: a task cannot reach a stub resolver on the host's loopback. Pure. */

import { parseAddress } from '../../resources/ipv4.ts';

/** Where they stand, best first; the first file that names a usable server wins. */
export const resolvConfFiles = [
  '/etc/resolv.conf',
  '/run/systemd/resolve/resolv.conf',
  '/run/NetworkManager/no-stub-resolv.conf',
];

export interface Resolution {
  /** What goes into a task's resolv.conf. */
  readonly text: string;
  /** IPv4 addresses. */
  readonly nameservers: readonly string[];
  /** Why names will not resolve, in one line. */
  readonly warning?: string;
}

interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly others: readonly string[];
}

function parse(text: string): ResolvConf {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  return {
    nameservers: lines.flatMap(([keyword, value]) => (keyword === 'nameserver' && value ? [value] : [])),
    others: lines
      .filter(([keyword]) => keyword === 'search' || keyword === 'domain' || keyword === 'options')
      .map((words) => words.join(' ')),
  };
}

/** Tasks have IPv4 only. */
function usable(address: string): boolean {
  const value = parseAddress(address);
  return value !== undefined && value >>> 24 !== 127 && value !== 0;
}

/** `texts` are the contents of `resolvConfFiles`, undefined for those that do not exist. */
export function resolve(texts: readonly (string | undefined)[]): Resolution {
  const parsed = texts.flatMap((text) => (text === undefined ? [] : [parse(text)]));
  const chosen = parsed.find(({ nameservers }) => nameservers.some(usable));
  if (chosen !== undefined) {
    const nameservers = chosen.nameservers.filter(usable);
    return { text: render(nameservers, chosen.others), nameservers };
  }
  const named = parsed.flatMap(({ nameservers }) => nameservers);
  const reason =
    named.length === 0
      ? 'this machine names no name server'
      : `${named.join(', ')} can be reached by this machine only`;
  return {
    text: render([], parsed[0]?.others ?? []),
    nameservers: [],
    warning: `tasks cannot resolve names: ${reason}; add an IPv4 name server to /etc/resolv.conf`,
  };
}

const render = (nameservers: readonly string[], others: readonly string[]): string =>
  [...nameservers.map((address) => `nameserver ${address}`), ...others, ''].join('\n');
