/** Without systemd: a shell script that runs the server, and again when it crashes. */

import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeDurably } from '../../../files/durable.ts';
import { isAlive } from '../server-file.ts';
import { shellWord } from '../shell-word.ts';
import type { Service } from './service.ts';

export const keeperFile = (home: string): string => join(home, 'keeper.sh');
const pidFile = (home: string): string => join(home, 'keeper.pid');

/** With this argument it gives up when the server does not come up the first time, instead of trying for ever. */
export const giveUp = 'first';

/** Pure. */
export function keeperScript({ home, argv, env }: Service): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value)}`);
  return `#!/bin/sh
# Made by kf server enable; kf server disable removes it. Runs the server, and again when it crashes.
export ${variables.join(' ')}
cd ${shellWord(home)} && echo $$ >keeper.pid && exec </dev/null >>server.log 2>&1 || exit 1
if [ "$1" = ${giveUp} ]; then rm -f server.json; fi
pause=1
began=$(date +%s)
until (cd / && exec ${argv.map(shellWord).join(' ')}); do
  if [ "$1" = ${giveUp} ] && [ ! -e server.json ]; then rm -f keeper.pid; exit 1; fi
  set --
  if [ $(($(date +%s) - began)) -gt 60 ]; then pause=1; fi
  sleep "$pause"
  if [ "$pause" -lt 60 ]; then pause=$((pause * 2)); fi
  began=$(date +%s)
done
rm -f keeper.pid
`;
}

export async function writeKeeper(service: Service): Promise<void> {
  await writeDurably(keeperFile(service.home), keeperScript(service), 0o700);
}

export async function removeKeeper(home: string): Promise<void> {
  await rm(keeperFile(home), { force: true });
}

/** Ends the script, not the server. @returns whether there was one */
export async function stopKeeper(home: string): Promise<boolean> {
  const pid = Number(await readFile(pidFile(home), 'utf8').catch(() => ''));
  if (!(pid > 0) || !isAlive(pid) || !isKeeper(pid, home)) return false;
  process.kill(pid, 'SIGTERM');
  while (isAlive(pid)) await sleep(5);
  await rm(pidFile(home), { force: true });
  return true;
}

/** Its number may be another process's by now. */
function isKeeper(pid: number, home: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(keeperFile(home));
  } catch {
    return false;
  }
}
