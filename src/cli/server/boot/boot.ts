/** Whether the server starts at boot and after a crash, and by what. */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../../files/durable.ts';
import { exists } from '../../../files/exists.ts';
import { disableCron, enableCron, hasLine } from './cron.ts';
import { type BootMachine, bootMachine } from './machine.ts';
import type { Service } from './service.ts';
import { disableUnit, enableUnit, unitPath } from './systemd.ts';

export type BootManager = 'systemd' | 'cron';

/** In the data directory, so that every command can tell at the price of one file. */
const bootFile = (home: string): string => join(home, 'boot.json');

/** What starts it; undefined when nothing does. */
export async function bootManager(home: string): Promise<BootManager | undefined> {
  const text = await readFile(bootFile(home), 'utf8').catch(() => '{}');
  try {
    const { manager } = JSON.parse(text) as { manager?: unknown };
    return manager === 'systemd' || manager === 'cron' ? manager : undefined;
  } catch {
    return undefined;
  }
}

/** As bootManager, and whether what it needs is still there: somebody may have removed the unit or the line. */
export async function checkedBootManager(
  home: string,
  machine: BootMachine = bootMachine,
): Promise<BootManager | undefined> {
  const manager = await bootManager(home);
  if (manager === 'systemd') return (await exists(unitPath(home, machine))) ? manager : undefined;
  if (manager === 'cron') return (await hasLine(home, machine).catch(() => false)) ? manager : undefined;
  return undefined;
}

/** As bootManager; also where the data directory does not say any more what it is. */
export async function foundBootManager(
  home: string,
  machine: BootMachine = bootMachine,
): Promise<BootManager | undefined> {
  const manager = await bootManager(home);
  if (manager !== undefined) return manager;
  if (machine.hasSystemd && (await exists(unitPath(home, machine)))) return 'systemd';
  return (await hasLine(home, machine).catch(() => false)) ? 'cron' : undefined;
}

/** From the next boot on; starts nothing. @throws CliError when the machine has nothing that could do it */
export async function enableBoot(service: Service, machine: BootMachine = bootMachine): Promise<BootManager> {
  const manager = machine.hasSystemd ? 'systemd' : 'cron';
  const before = await bootManager(service.home);
  if (before !== undefined && before !== manager) await disableBoot(service.home, machine);
  await (manager === 'systemd' ? enableUnit : enableCron)(service, machine);
  await writeDurably(bootFile(service.home), `${JSON.stringify({ manager })}\n`, 0o600);
  return manager;
}

/** Stops nothing. @returns what had started it until now */
export async function disableBoot(home: string, machine: BootMachine = bootMachine): Promise<BootManager | undefined> {
  const manager = await foundBootManager(home, machine);
  if (manager === 'systemd') await disableUnit(home, machine);
  if (manager === 'cron') await disableCron(home, machine);
  await rm(bootFile(home), { force: true });
  return manager;
}
