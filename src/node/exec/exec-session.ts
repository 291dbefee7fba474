/**
 * The processes of one command in a container: the session that the runtime has opened for it, or that of the runtime.
 * With runc the command leads it, with crun a process that is gone by then.
 */

import { readFileSync } from 'node:fs';
import type { Cgroups } from '../cgroup/cgroup.ts';

/** The session's number in the text of /proc/PID/stat: the fourth after the program's name. */
export const sessionIn = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);

/** Undefined when it is gone. */
export function sessionOf(pid: number): number | undefined {
  try {
    return sessionIn(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Signals all of these sessions that are in the container: a number that is another's by now harms nobody. What has opened a
 * session of its own (a daemon) is the container's, and ends with it.
 * @returns how many there were
 */
export async function signalSession(
  cgroups: Pick<Cgroups, 'pids'>,
  id: string,
  sessions: readonly number[],
  signals: readonly NodeJS.Signals[],
): Promise<number> {
  const members = (await cgroups.pids(id)).filter((pid) => sessions.includes(sessionOf(pid) ?? 0));
  for (const pid of members) for (const signal of signals) send(pid, signal);
  return members.length;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}
