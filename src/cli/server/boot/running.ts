/** Starting and stopping of an enabled server: by what starts it at boot, so that it is also started after a crash. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type BootManager, bootManager } from './boot.ts';
import { giveUp, keeperFile, stopKeeper } from './keeper.ts';
import { type BootMachine, bootMachine } from './machine.ts';
import { restartsOf, startUnit, stopUnit, unitState } from './systemd.ts';

/** The command that stands in for the server's own: it runs it for as long as it is wanted. */
export function keptCommand(
  home: string,
  manager: BootManager | undefined,
): readonly [string, ...string[]] | undefined {
  return manager === 'cron' ? ['/bin/sh', keeperFile(home), giveUp] : undefined;
}

/**
 * Ends what would start the server again. systemd ends the server with it.
 * @param manager default: what the data directory says
 */
export async function stopKeeping(
  home: string,
  machine: BootMachine = bootMachine,
  manager?: BootManager,
): Promise<void> {
  await stopKeeper(home);
  if ((manager ?? (await bootManager(home))) === 'systemd' && machine.hasSystemd) await stopUnit(home, machine);
}

/** A server that is being started, by systemd or as a process. */
export interface ServerStart {
  /** Where systemd starts it: whether systemd knows that the server answers. Else always true. */
  isUp(): boolean;
  /** How it has failed, once it has. */
  failure(): Promise<string | undefined>;
}

/** Begins to start the unit; waits for nothing. */
export function startAsUnit(home: string, machine: BootMachine = bootMachine): ServerStart {
  let state: 'starting' | 'up' | Error = 'starting';
  startUnit(home, machine).then(
    () => {
      state = 'up';
    },
    (error: Error) => {
      state = error;
    },
  );
  return {
    isUp: () => state === 'up',
    async failure() {
      if (state instanceof Error) return state.message;
      // A unit of kf's first version counts as up before the server answers.
      return state === 'up' && (await restartsOf(home, machine)) > 0 ? 'it ended' : undefined;
    },
  };
}

/**
 * Ends what would start the server again beside us. What systemd is doing at somebody else's word is let be: a start at
 * boot goes on, a stop or restart comes to its end.
 */
export async function makeWay(
  home: string,
  manager: BootManager | undefined,
  machine: BootMachine = bootMachine,
): Promise<void> {
  if (manager !== 'systemd' || !machine.hasSystemd) return stopKeeping(home, machine);
  for (;;) {
    const state = await unitState(home, machine);
    if (state === 'start' || state === 'dead') return;
    if (!/^(stop|final)-/.test(state)) return stopKeeping(home, machine);
    await sleep(50);
  }
}
