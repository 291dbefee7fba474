/** Starts at boot by a line of root's crontab, which runs the keeper. */

import { readdirSync, readFileSync } from 'node:fs';
import { errorMessage } from '../../../resources/errors.ts';
import { CliError } from '../../errors.ts';
import { shellWord } from '../shell-word.ts';
import { keeperFile, removeKeeper, writeKeeper } from './keeper.ts';
import { type BootMachine, ProgramError } from './machine.ts';
import type { Service } from './service.ts';

/** In a crontab % ends the command. */
const lineFor = (home: string): string =>
  `@reboot /bin/sh ${shellWord(keeperFile(home)).replaceAll('%', '\\%')} # kf server enable`;

/** The crontab without the line of this data directory. Pure. */
export const withoutLine = (crontab: string, home: string): string =>
  crontab
    .split('\n')
    .filter((line) => line !== lineFor(home))
    .join('\n');

/** Pure, idempotent. */
export function withLine(crontab: string, home: string): string {
  const others = withoutLine(crontab, home);
  return `${others}${others === '' || others.endsWith('\n') ? '' : '\n'}${lineFor(home)}\n`;
}

export async function enableCron(service: Service, machine: BootMachine): Promise<void> {
  const before = await readCrontab(machine);
  await writeKeeper(service);
  const after = withLine(before, service.home);
  if (after !== before) await machine.run('crontab', ['-'], after);
}

export async function disableCron(home: string, machine: BootMachine): Promise<void> {
  const before = await readCrontab(machine);
  const after = withoutLine(before, home);
  if (after.trim() === '' && after !== before) await machine.run('crontab', ['-r']);
  else if (after !== before) await machine.run('crontab', ['-'], after);
  await removeKeeper(home);
}

export const hasLine = async (home: string, machine: BootMachine): Promise<boolean> =>
  (await readCrontab(machine)).split('\n').includes(lineFor(home));

/** Empty when root has none. @throws CliError when there is no cron */
async function readCrontab(machine: BootMachine): Promise<string> {
  try {
    return await machine.run('crontab', ['-l']);
  } catch (error) {
    if (error instanceof ProgramError && error.isMissing)
      throw new CliError('this machine has neither systemd nor cron to start the server at boot', {
        tips: [{ description: 'Install cron', command: 'apt-get install -y cron' }],
      });
    if (/no crontab for/.test(errorMessage(error))) return '';
    throw error;
  }
}

/** Whether anybody reads crontabs. */
export function cronRuns(): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return /^(cron|crond|anacron|busybox crond)$/.test(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
      } catch {
        return false;
      }
    });
}
