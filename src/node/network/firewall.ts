/** Puts the instance's firewall rules into the machine and takes them out again. */

import type { RunCommand } from '../host/run-command.ts';
import { emptyTables, type FirewallPlan, installText, isInstalled, removeText } from './firewall-rules.ts';

const restore = (run: RunCommand, input: string): Promise<string> =>
  run('iptables-restore', ['--noflush', '--wait', '5'], { input });

const save = (run: RunCommand): Promise<string> => run('iptables-save', []);

/** Repeating it changes nothing. @throws CommandError */
export async function installFirewall(run: RunCommand, plan: FirewallPlan): Promise<void> {
  await restore(run, installText(plan, await save(run)));
  await trustInFirewalld(run, plan.bridge);
}

/** Puts the rules back when somebody has flushed them. True when that was needed. */
export async function repairFirewall(run: RunCommand, plan: FirewallPlan): Promise<boolean> {
  if (isInstalled(plan, await save(run))) return false;
  await installFirewall(run, plan);
  return true;
}

/** Fine when nothing is there. Tables that are empty now go too, where the nft program is installed. */
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
