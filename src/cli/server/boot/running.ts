/** Starting and stopping of an enabled server: by what starts it at boot, so that it is also started after a crash. */

import { type BootManager, bootManager } from './boot.ts';
import { giveUp, keeperFile, stopKeeper } from './keeper.ts';
import { bootMachine } from './machine.ts';
import { restartsOf, startUnit, stopUnit } from './systemd.ts';

/** The command that stands in for the server's own: it runs it for as long as it is wanted. */
export function keptCommand(
  home: string,
  manager: BootManager | undefined,
): readonly [string, ...string[]] | undefined {
  return manager === 'cron' ? ['/bin/sh', keeperFile(home), giveUp] : undefined;
}

/** Ends what would start the server again. systemd ends the server with it. */
export async function stopKeeping(home: string): Promise<void> {
  await stopKeeper(home);
  if ((await bootManager(home)) === 'systemd' && bootMachine.hasSystemd) await stopUnit(home, bootMachine);
}

/** Of a unit: starts it; the answer tells whether it has failed since. */
export async function startAsUnit(home: string): Promise<() => Promise<boolean>> {
  await startUnit(home, bootMachine);
  return async () => (await restartsOf(home, bootMachine)) > 0;
}
