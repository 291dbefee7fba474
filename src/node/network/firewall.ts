/** The instance's firewall rules in the machine: put in, changed with the Pods, put back, taken out. One at a time. */

import { writeFile } from 'node:fs/promises';
import type { RunCommand } from '../host/run-command.ts';
import {
  emptyTables,
  type FirewallPlan,
  installText,
  isInstalled,
  policyChains,
  removeText,
  restrictText,
} from './firewall-rules.ts';
import { type Restriction, Restrictions } from './restrictions.ts';

const restore = (run: RunCommand, input: string): Promise<string> =>
  run('iptables-restore', ['--noflush', '--wait', '5'], { input });

export const save = (run: RunCommand): Promise<string> => run('iptables-save', []);

export class Firewall {
  readonly #run: RunCommand;
  readonly #plan: FirewallPlan;
  readonly #restrictions: Restrictions;
  /** Chains of policies that the kernel has. */
  #policies: readonly string[] = [];
  #opensHostPorts: boolean | undefined;
  /** The last change did not reach the kernel. */
  #failed = false;
  #last: Promise<unknown> = Promise.resolve();
  /** Changes of restrictions that come while another one is under way share the next one. */
  #next: Promise<void> | undefined;

  constructor(run: RunCommand, plan: FirewallPlan) {
    this.#run = run;
    this.#plan = plan;
    this.#restrictions = new Restrictions(plan.prefix);
  }

  /** Repeating it changes nothing; what an earlier server's Pods may reach stays as it is. @throws CommandError */
  install(): Promise<void> {
    return this.#inTurn(async () => {
      const saved = await save(this.#run);
      this.#restrictions.load(saved);
      await this.#install(saved);
      await trustInFirewalld(this.#run, this.#plan.bridge);
    });
  }

  /** Resolves when it holds; at once when it does already. @throws CommandError; it holds for a later change then */
  async restrict(address: string, restriction: Restriction): Promise<void> {
    const changes = this.#restrictions.set(address, restriction);
    const isRestricted = this.#restrictions.has(address);
    if (changes || (isRestricted && this.#failed)) await this.#apply();
    // Wanted before, but perhaps not in force yet.
    else if (isRestricted) await this.#last;
  }

  /** Whether any address is restricted. */
  get restricts(): boolean {
    return this.#restrictions.size > 0;
  }

  /** Ports of the host's 127.0.0.1 that the address may reach, also by what an earlier server left. */
  hostPortsOf(address: string): readonly number[] {
    return this.#restrictions.hostPortsOf(address);
  }

  /** Drops what is known of all other addresses. */
  async retain(addresses: ReadonlySet<string>): Promise<void> {
    if (this.#restrictions.retain(addresses)) await this.#apply();
  }

  /** Puts the rules back when somebody has flushed them. True when that was needed. */
  repair(): Promise<boolean> {
    return this.#inTurn(async () => {
      const saved = await save(this.#run);
      if (isInstalled(this.#plan, this.#restrictions, saved)) return false;
      await this.#install(saved);
      await trustInFirewalld(this.#run, this.#plan.bridge);
      return true;
    });
  }

  /** Fine when nothing is there. */
  remove(): Promise<void> {
    return this.#inTurn(() => removeFirewall(this.#run, this.#plan.prefix, this.#plan.bridge));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  #apply(): Promise<void> {
    this.#next ??= this.#inTurn(async () => {
      this.#next = undefined;
      await this.#put(restrictText(this.#plan, this.#restrictions, this.#policies));
    });
    return this.#next;
  }

  #install(saved: string): Promise<void> {
    return this.#put(installText(this.#plan, this.#restrictions, saved));
  }

  async #put(text: string): Promise<void> {
    const policies = policyChains(this.#plan, this.#restrictions);
    try {
      await restore(this.#run, text);
      this.#policies = policies;
      await this.#routeLocalnet();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** Lets the bridge, and only it, lead to 127.0.0.1 while a Pod has an allowed port there; the rules are put in first. */
  async #routeLocalnet(): Promise<void> {
    const wanted = this.#restrictions.opensHostPorts;
    if (wanted === this.#opensHostPorts) return;
    await writeFile(`/proc/sys/net/ipv4/conf/${this.#plan.bridge}/route_localnet`, wanted ? '1' : '0');
    this.#opensHostPorts = wanted;
  }
}

/** Tables that are empty afterwards go too, where the nft program is installed. */
export async function removeFirewall(run: RunCommand, prefix: string, bridge: string): Promise<void> {
  const text = removeText(prefix, await save(run));
  if (text !== '') await restore(run, text);
  await run('firewall-cmd', ['--quiet', '--zone=trusted', `--remove-interface=${bridge}`]).catch(() => {});
  const tables = emptyTables(await save(run));
  for (const table of tables) {
    // With nftables below, an unused table is itself something that was not there; the old kind of table cannot go.
    await run('iptables', ['--wait', '5', '-t', table, '-X']).catch(() => {});
    const listed = await run('nft', ['list', 'table', 'ip', table]).catch(() => undefined);
    if (listed?.replaceAll(/\s/g, '') === `tableip${table}{}`) await run('nft', ['delete', 'table', 'ip', table]);
  }
}

/** firewalld filters in tables of its own, after ours: it must accept the bridge too. Without firewalld nothing happens. */
async function trustInFirewalld(run: RunCommand, bridge: string): Promise<void> {
  const state = await run('firewall-cmd', ['--state']).catch(() => '');
  if (state.trim() !== 'running') return;
  await run('firewall-cmd', ['--quiet', '--zone=trusted', `--change-interface=${bridge}`]);
}
