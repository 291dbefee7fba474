/**
 * A short command in a container, for probes, hooks and tar: as the container's own process, by a file that says so.
 * `exec` without one is that with runc; crun's would be root, in `/`, and might gain rights.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cgroups } from '../cgroup/cgroup.ts';
import type { OciSpec } from '../runtime/oci.ts';
import { commandLineOf, processOf, type RuntimeExec } from './exec-command.ts';
import { ExecFolder, endCommand } from './exec-folder.ts';

export interface CommandPlace {
  /** The container's, at the runtime. */
  readonly id: string;
  /** Holds its config.json. */
  readonly bundle: string;
  readonly runtime: RuntimeExec['runtime'];
  readonly cgroups: Pick<Cgroups, 'pids'>;
}

export interface PreparedCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** To be called once it has ended. */
  remove(): void;
  /** Instead of that, when it has failed or was cut short: the runtime may have gone without its command. */
  end(): Promise<void>;
}

/** @throws Error when the container has just gone */
export function prepareCommand(place: CommandPlace, command: readonly string[]): PreparedCommand {
  const { id, bundle, runtime, cgroups } = place;
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as OciSpec;
  const folder = new ExecFolder(bundle);
  const processFile = folder.write(processOf(spec, command, false));
  const { pidFile, path } = folder;
  const [program, ...args] = commandLineOf({ runtime, id, processFile, pidFile, stdin: false });
  return { program, args, remove: () => folder.remove(), end: () => endCommand(cgroups, id, path) };
}

/** @param run what runs the program, to its end @throws what that throws */
export async function runPrepared(
  { program, args, remove, end }: PreparedCommand,
  run: (program: string, args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  try {
    await run(program, args);
  } catch (error) {
    await end();
    throw error;
  }
  remove();
}
