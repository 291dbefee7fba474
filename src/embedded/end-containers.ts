/** Ends what runs without the server that has started it: nobody notes how it ended. */

import { setTimeout as sleep } from 'node:timers/promises';
import { detectCgroups } from '../node/cgroup/cgroup.ts';
import { layoutOf } from '../node/layout.ts';
import { liveMonitors } from '../node/pods/recovery/monitors.ts';
import type { Home } from './home.ts';

/** Milliseconds that a killed process has. */
const patience = 10_000;

/** Pids of monitors by container. */
export const monitorsOf = ({ dataDir, runDir, instance }: Home): ReadonlyMap<string, number> =>
  liveMonitors(layoutOf(dataDir, runDir, instance).runtime);

/** Monitors, what they watch, and the control groups. Resolves when the monitors have ended. */
export async function endContainers(home: Home): Promise<void> {
  for (const pid of monitorsOf(home).values()) kill(pid);
  const cgroups = detectCgroups({ instance: home.instance });
  for (const id of await cgroups.leftovers()) await cgroups.killAll(id, 'SIGKILL');
  await cgroups.removeAll();
  for (const deadline = Date.now() + patience; monitorsOf(home).size > 0 && Date.now() < deadline; ) await sleep(15);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
