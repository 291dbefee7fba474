/** Runs programs that may take as long as they want, and keep nobody else's waiting: what looks into containers. */

import { CommandShells } from './command-shells.ts';
import { type RunCommand, runCommand } from './run-command.ts';

/** Programs at a time for which a shell is kept; further ones cost a fork of the server each. */
const shellsKept = 4;
/** Milliseconds, where nothing else is asked for. */
const usualTimeout = 60_000;

/** @param stopping ends the shells that are kept */
export function slowCommands(stopping: AbortSignal): RunCommand {
  const shells = new CommandShells({ size: shellsKept, timeout: usualTimeout });
  stopping.addEventListener('abort', () => shells.close(), { once: true });
  return (command, args, options = {}) => {
    if (!shells.isFull) return shells.run(command, args, options);
    const { signal, timeout = usualTimeout } = options;
    const late = AbortSignal.timeout(timeout);
    return runCommand(command, args, {
      ...options,
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
  };
}
