/** Finding the monitors of this instance that an earlier server left running. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Pids of conmon processes by container id, of those that work with the runtime folder `root`. */
export function liveMonitors(root: string, proc = '/proc'): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const id = monitoredContainer(commandLine(`${proc}/${name}/cmdline`), root);
    if (id !== undefined && isOurs(proc, name)) found.set(id, Number(name));
  }
  return found;
}

/** As PodProcesses makes them: they become parts of paths. */
const containerId = /^[0-9a-zA-Z-]+$/;

function monitoredContainer(args: readonly string[], root: string): string | undefined {
  if (args[0]?.endsWith('conmon') !== true || !args.includes(root)) return undefined;
  const id = args[args.indexOf('--cid') + 1] ?? '';
  return containerId.test(id) ? id : undefined;
}

/** Anybody can call himself a monitor; those within containers have a PID namespace of their own. */
function isOurs(proc: string, pid: string): boolean {
  try {
    const namespaceOf = (name: string): string => readlinkSync(`${proc}/${name}/ns/pid`);
    // The folder's owner would not do: of a process that lets nobody trace it that is root.
    const [, user] = /^Uid:\t(\d+)/m.exec(readFileSync(`${proc}/${pid}/status`, 'utf8')) ?? [];
    return Number(user) === process.getuid?.() && namespaceOf(pid) === namespaceOf('self');
  } catch {
    return false;
  }
}

function commandLine(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\0');
  } catch {
    return [];
  }
}
