/** Starting and stopping of an enabled server: by what starts it at boot, so that it is also started after a crash. */

import { type BootManager, bootManager } from './boot.ts';
import { giveUp, keeperFile, stopKeeper } from './keeper.ts';
import { type BootMachine, bootMachine } from './machine.ts';
import { restartsOf, startUnit, stopUnit } from './systemd.ts';

/** The command that stands in for the server's own: it runs it for as long as it is wanted. */
export function keptCommand(
  home: string,
  manager: BootManager | undefined,
): readonly [string, ...string[]] | undefined {
  return manager === 'cron' ? ['/bin/sh', keeperFile(home), giveUp] : undefined;
}

/** Ends what would start the server again. systemd ends the server with it. */
export async function stopKeeping(home: string, machine: BootMachine = bootMachine): Promise<void> {
  await stopKeeper(home);
  if ((await bootManager(home)) === 'systemd' && machine.hasSystemd) await stopUnit(home, machine);
}

/** Of a unit: starts it; the answer tells whether it has failed since. */
export async function startAsUnit(home: string, machine: BootMachine = bootMachine): Promise<() => Promise<boolean>> {
  await startUnit(home, machine);
  return async () => (await restartsOf(home, machine)) > 0;
}
