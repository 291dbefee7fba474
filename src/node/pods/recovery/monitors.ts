/** Finding the monitors of this instance that an earlier server left running. */

import { readdirSync, readFileSync } from 'node:fs';

/** Pids of conmon processes by container id, of those that work with the runtime folder `root`. */
export function liveMonitors(root: string, proc = '/proc'): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const id = monitoredContainer(commandLine(`${proc}/${name}/cmdline`), root);
    if (id !== undefined) found.set(id, Number(name));
  }
  return found;
}

function monitoredContainer(args: readonly string[], root: string): string | undefined {
  if (args[0]?.endsWith('conmon') !== true || !args.includes(root)) return undefined;
  return args[args.indexOf('--cid') + 1];
}

function commandLine(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\0');
  } catch {
    return [];
  }
}
