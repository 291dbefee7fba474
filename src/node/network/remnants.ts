/** What an instance has in the machine's network, found by its name: for when no server is there that knows it. */

import { instancePrefix } from '../host/instance.ts';
import type { RunCommand } from '../host/run-command.ts';
import { findProgram } from '../runtime/find-programs.ts';
import { removeBridge } from './bridge.ts';
import { removeFirewall, save } from './firewall.ts';
import { readLinks } from './machine.ts';
import { listNamespaces, removeNamespaces } from './namespaces.ts';

const has = (program: string): boolean => findProgram(program) !== undefined;

export interface NetworkRemnants {
  /** The bridge and what is plugged into it. */
  readonly links: readonly string[];
  readonly namespaces: readonly string[];
  readonly firewallRules: number;
}

export async function networkRemnants(instance: string, run: RunCommand): Promise<NetworkRemnants> {
  const prefix = instancePrefix(instance);
  const isOurs = (name: string): boolean => name === prefix || name.startsWith(`${prefix}-`);
  // Without the programs nothing was ever made by them.
  const [links, namespaces, saved] = await Promise.all([
    has('ip') ? readLinks(run) : [],
    listNamespaces(),
    has('iptables-save') ? save(run) : '',
  ]);
  return {
    links: links.map(({ name }) => name).filter(isOurs),
    namespaces: namespaces.filter(isOurs),
    firewallRules: saved.split('\n').filter((line) => line.startsWith('-A') && line.toLowerCase().includes(prefix))
      .length,
  };
}

/** Leaves links, the firewall, forwarding and the folder of namespaces as they were before the first bridge of kf. */
export async function removeNetwork(instance: string, run: RunCommand): Promise<void> {
  const prefix = instancePrefix(instance);
  const { links, namespaces } = await networkRemnants(instance, run);
  const ids = new Set([...namespaces, ...links.filter((name) => name !== prefix)]);
  await removeNamespaces(run, [...ids]);
  if (has('iptables-save')) await removeFirewall(run, prefix, prefix);
  if (has('ip')) await removeBridge(run, prefix);
}
