/** What only root may do with the embedded server, and how it is typed. */

import { CliError } from '../errors.ts';
import { isUsualHome, kfHome } from '../settings/kf-home.ts';
import { shellWord } from './shell-word.ts';

/** A command line to type. sudo passes no KF_HOME on: without it another server would be meant. */
export const asRoot = (command: string, home: string): string =>
  `sudo ${isUsualHome(home) ? '' : `KF_HOME=${shellWord(home)} `}kf ${command}`;

/** @param command of `kf server`. @throws CliError with what to type instead */
export function requireRoot(command: string, env: NodeJS.ProcessEnv): void {
  if (process.getuid?.() !== 0) throw new CliError(`this needs root: ${asRoot(`server ${command}`, kfHome(env))}`);
}
