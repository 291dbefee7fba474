/** What only root may do with the embedded server. */

import { CliError } from '../errors.ts';

/** @param command of `kf server`. @throws CliError with what to type instead */
export function requireRoot(command: string): void {
  if (process.getuid?.() !== 0) throw new CliError(`this needs root: sudo kf server ${command}`);
}
