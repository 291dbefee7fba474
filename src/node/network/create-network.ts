/** The network of one machine: a bridge of our own, namespaces from a pool, and a firewall around them. */

import { type Clock, systemClock } from '../../client/clock.ts';
import { instancePrefix } from '../host/instance.ts';
import { type RunCommand, runCommand } from '../host/run-command.ts';
import { ensureBridge } from './bridge.ts';
import { Firewall } from './firewall.ts';
import { deniedNameservers, type FirewallPlan } from './firewall-rules.ts';
import { readResolution } from './machine.ts';
import type { NamespacePlan } from './namespaces.ts';
import type { NetworkProvider } from './network.ts';
import { Network } from './running-network.ts';

export interface NetworkOptions {
  /** Names all that is made: bridge, links, namespaces, chains. */
  readonly instance: string;
  /** `a.b.c.d/n`; default: a private /20 that no route of this machine overlaps. */
  readonly subnet?: string;
  /** Namespaces held ready. Default 8. */
  readonly poolSize?: number;
  /** TCP ports of the host that tasks are refused on every address: the API server's. */
  readonly deniedHostPorts?: readonly number[];
  /** Networks that tasks are refused. Default: where clouds serve their machines' metadata and credentials. */
  readonly deniedNetworks?: readonly string[];
  /** One line for the server's log: names cannot be resolved, the firewall had to be repaired. */
  readonly onWarning?: (text: string) => void;
  readonly run?: RunCommand;
  readonly clock?: Clock;
}

/** Link-local; Azure's and Alibaba's hosts; Oracle's classic cloud. */
const metadataNetworks = ['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32'];

/** @throws Error naming the program or rule that failed; what was made until then stays for the next start */
export async function createNetwork(options: NetworkOptions): Promise<NetworkProvider> {
  const { instance, run = runCommand, deniedNetworks = metadataNetworks, onWarning = () => {} } = options;
  const prefix = instancePrefix(instance);
  const resolution = readResolution();
  if (resolution.warning !== undefined) onWarning(resolution.warning);
  const { nameservers } = resolution;
  const bridge = await ensureBridge(run, { instance, name: prefix, subnet: options.subnet, nameservers });
  const rules: FirewallPlan = {
    prefix,
    bridge: bridge.name,
    subnet: bridge.subnet,
    deniedNetworks,
    deniedHostPorts: options.deniedHostPorts ?? [],
    nameservers,
  };
  const firewall = new Firewall(run, rules);
  await firewall.install();
  const plan: NamespacePlan = {
    bridge: bridge.name,
    subnet: bridge.subnet,
    mtu: bridge.mtu,
    deniedNetworks,
    exceptions: deniedNameservers(rules),
  };
  const network = new Network(prefix, plan, firewall, {
    run,
    clock: options.clock ?? systemClock,
    poolSize: options.poolSize ?? 8,
    onWarning,
  });
  await network.start();
  return network;
}
