/** A Pod's resolv.conf: the machine's name servers, and what the Pod adds or puts in their place. Pure. */

import type { Pod } from '../../../resources/core/pod.ts';

/** There is no cluster DNS: every policy but None means the machine's own. @param machine its resolv.conf for Pods */
export function podResolvConf(machine: string, { dnsPolicy, dnsConfig }: Pod['spec']): string {
  if (dnsConfig === undefined && dnsPolicy !== 'None') return machine;
  const base = dnsPolicy === 'None' ? [] : machine.split('\n').map((line) => line.trim().split(/\s+/));
  const valuesOf = (keyword: string): readonly string[] =>
    base.filter(([first]) => first === keyword).flatMap(([, ...rest]) => rest);
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const search = [...new Set([...valuesOf('search'), ...valuesOf('domain'), ...searches])];
  const own = options.flatMap(({ name = '', value = '' }) =>
    name === '' ? [] : [value === '' ? name : `${name}:${value}`],
  );
  const keyOf = (option: string): string => option.split(':')[0]!;
  const replaced = new Set(own.map(keyOf));
  const all = [...valuesOf('options').filter((option) => !replaced.has(keyOf(option))), ...own];
  return [
    ...[...new Set([...valuesOf('nameserver'), ...nameservers])].map((address) => `nameserver ${address}`),
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}`]),
    ...(all.length === 0 ? [] : [`options ${all.join(' ')}`]),
    '',
  ].join('\n');
}
