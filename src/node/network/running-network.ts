/** The network of one instance while its server runs: namespaces that are ready, in use, and being removed. */

import type { Clock, Timer } from '../../client/clock.ts';
import { errorMessage } from '../../resources/errors.ts';
import { formatAddress, parseAddress } from '../../resources/ipv4.ts';
import { Pool } from '../host/pool.ts';
import type { RunCommand } from '../host/run-command.ts';
import { enableForwarding, removeBridge } from './bridge.ts';
import { ClosedPorts } from './closed-ports.ts';
import type { Firewall } from './firewall.ts';
import { readLinks, readResolution } from './machine.ts';
import { NamespaceRemovals } from './namespace-removals.ts';
import {
  isNamespace,
  listNamespaces,
  makeNamespaces,
  type Namespace,
  type NamespacePlan,
  namespacePath,
  removeNamespaces,
} from './namespaces.ts';
import type { NetworkProvider, PodNetwork } from './network.ts';
import type { Restriction } from './restrictions.ts';
import { AddressPool, gatewayOf } from './subnet.ts';

/** Making them together saves starting the same programs for each. */
const namespacesAtOnce = 4;
/** How often, at most, somebody's flush of the firewall is looked for. */
const firewallCheckMilliseconds = 30_000;

const unrestricted: Restriction = { hostPorts: [] };

export interface NetworkSettings {
  readonly run: RunCommand;
  readonly clock: Clock;
  readonly poolSize: number;
  readonly onWarning: (text: string) => void;
}

export class Network implements NetworkProvider {
  readonly hostAddress: string;
  readonly #prefix: string;
  readonly #plan: NamespacePlan;
  readonly #firewall: Firewall;
  readonly #settings: NetworkSettings;
  readonly #closedPorts: ClosedPorts;
  readonly #addresses: AddressPool;
  readonly #pool: Pool<Namespace>;
  /** Made or adopted by this process and not released: a sweep leaves them alone. */
  readonly #own = new Set<string>();
  #serial = Math.floor(Math.random() * 36 ** 5);
  #lastFirewallCheck: number;
  #nextCheck: Timer | undefined;
  #closed = false;
  /** Given to Pods and not removed yet. */
  readonly #used = new Set<string>();
  readonly #removals: NamespaceRemovals;

  constructor(prefix: string, plan: NamespacePlan, firewall: Firewall, settings: NetworkSettings) {
    this.#prefix = prefix;
    this.#plan = plan;
    this.#firewall = firewall;
    this.#settings = settings;
    this.#addresses = new AddressPool(plan.subnet);
    this.#lastFirewallCheck = settings.clock.now();
    this.hostAddress = formatAddress(gatewayOf(plan.subnet));
    this.#closedPorts = new ClosedPorts({ ...settings, gateway: this.hostAddress });
    this.#removals = new NamespaceRemovals({
      clock: settings.clock,
      remove: (namespaces) => this.#remove(namespaces, { links: false }),
      inUse: () => this.#used.size,
    });
    this.#pool = new Pool({
      size: settings.poolSize,
      make: (count) => this.#make(count),
      batch: namespacesAtOnce,
      parallel: 1,
      dispose: (namespaces) => this.#remove(namespaces, { links: true }),
    });
  }

  /** Learns which addresses are in use, then begins to fill the pool. */
  async start(): Promise<void> {
    for (const { alias } of await this.#links()) {
      const address = parseAddress(alias);
      if (address !== undefined) this.#addresses.keep(address);
    }
    this.#pool.fill();
  }

  /** The host's name servers may change while the server runs: a laptop joins another network. */
  get resolvConf(): string {
    return readResolution().text;
  }

  async acquire(): Promise<PodNetwork> {
    const namespace = await this.#pool.take();
    this.#checkFirewall();
    return this.#handle(namespace);
  }

  async adopt(id: string): Promise<PodNetwork | undefined> {
    if (!this.#isOurs(id) || !(await isNamespace(id))) return undefined;
    const alias = (await this.#links()).find(({ name }) => name === id)?.alias;
    const address = parseAddress(alias ?? '');
    if (address === undefined) return undefined;
    this.#own.add(id);
    this.#addresses.keep(address);
    this.#closedPorts.adopt(namespacePath(id), this.#firewall.hostPortsOf(formatAddress(address)));
    return this.#handle({ id, address });
  }

  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    const leftovers = await this.#existing();
    const isUsed = ({ id }: Namespace): boolean => inUse.has(id) || this.#own.has(id);
    await this.#remove(
      leftovers.filter((one) => !isUsed(one)),
      { links: true },
    );
    const used = leftovers.filter(isUsed).map(({ address }) => formatAddress(address));
    await this.#firewall.retain(new Set(used));
  }

  async close({ all }: { readonly all: boolean }): Promise<void> {
    this.#closed = true;
    this.#nextCheck?.cancel();
    await this.#pool.close();
    await this.#removals.close();
    if (!all) return;
    const { run } = this.#settings;
    await this.#remove(await this.#existing(), { links: true });
    await this.#firewall.remove();
    await removeBridge(run, this.#plan.bridge);
  }

  #handle(namespace: Namespace): PodNetwork {
    const { id, address } = namespace;
    this.#used.add(id);
    return {
      id,
      path: namespacePath(id),
      ip: formatAddress(address),
      restrict: (restriction) => this.#restrict(namespace, restriction),
      release: async () => (this.#used.has(id) ? this.#removals.add(namespace) : undefined),
    };
  }

  async #restrict({ id, address }: Namespace, restriction: Restriction): Promise<void> {
    await this.#firewall.restrict(formatAddress(address), restriction);
    await this.#closedPorts.follow(namespacePath(id), restriction.hostPorts);
    this.#watchFirewall();
  }

  /** While a Pod is restricted its rules are looked after even if no other Pod starts. */
  #watchFirewall(): void {
    if (this.#closed || this.#nextCheck !== undefined || !this.#firewall.restricts) return;
    this.#nextCheck = this.#settings.clock.after(firewallCheckMilliseconds, () => {
      this.#nextCheck = undefined;
      this.#checkFirewall();
      this.#watchFirewall();
    });
  }

  async #make(count: number): Promise<readonly Namespace[]> {
    const namespaces: Namespace[] = [];
    try {
      while (namespaces.length < count) namespaces.push({ id: this.#nextId(), address: this.#addresses.take() });
      for (const { id } of namespaces) this.#own.add(id);
      await makeNamespaces(this.#settings.run, this.#plan, namespaces);
    } catch (error) {
      for (const namespace of namespaces) this.#forget(namespace);
      throw error;
    }
    return namespaces;
  }

  #nextId(): string {
    return `${this.#prefix}-${(this.#serial++ % 36 ** 5).toString(36)}`;
  }

  async #remove(namespaces: readonly Namespace[], options: { readonly links: boolean }): Promise<void> {
    await removeNamespaces(
      this.#settings.run,
      namespaces.map(({ id }) => id),
      options,
    );
    // An address is given to nobody else before the rules for its last owner are gone.
    const gone = namespaces.map(({ address }) => this.#firewall.restrict(formatAddress(address), unrestricted));
    await Promise.all(gone).catch((error: Error) =>
      // The next change takes them away, long before the address comes round again.
      this.#settings.onWarning(`firewall rules of ended tasks could not be removed: ${error.message}`),
    );
    for (const namespace of namespaces) this.#forget(namespace);
  }

  #forget({ id, address }: Namespace): void {
    this.#own.delete(id);
    this.#used.delete(id);
    this.#closedPorts.forget(namespacePath(id));
    this.#addresses.giveBack(address);
  }

  #isOurs(name: string): boolean {
    return name.startsWith(`${this.#prefix}-`);
  }

  async #links() {
    return (await readLinks(this.#settings.run)).filter(({ name }) => this.#isOurs(name));
  }

  /** Every namespace and link of ours that the machine has; one may be there without the other. */
  async #existing(): Promise<readonly Namespace[]> {
    const [links, names] = await Promise.all([this.#links(), listNamespaces()]);
    const aliases = new Map(links.map(({ name, alias }) => [name, alias]));
    const ids = new Set([...aliases.keys(), ...names.filter((name) => this.#isOurs(name))]);
    return [...ids].map((id) => ({ id, address: parseAddress(aliases.get(id) ?? '') ?? 0 }));
  }

  #checkFirewall(): void {
    const { clock, onWarning } = this.#settings;
    if (Math.abs(clock.now() - this.#lastFirewallCheck) < firewallCheckMilliseconds) return;
    this.#lastFirewallCheck = clock.now();
    const repair = async (): Promise<boolean> => {
      await enableForwarding();
      return this.#firewall.repair();
    };
    repair().then(
      (repaired) => repaired && onWarning('firewall rules of tasks were gone and have been put back'),
      (error: unknown) => onWarning(`firewall rules of tasks could not be checked: ${errorMessage(error)}`),
    );
  }
}
