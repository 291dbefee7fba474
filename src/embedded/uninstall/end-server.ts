/** Ends a server whose data directory is gone: nothing that it writes is kept any more. */

import { setTimeout as sleep } from 'node:timers/promises';
import { processBeginning } from '../../node/host/process-beginning.ts';

/** Milliseconds that it has for a clean end. */
const patience = 20_000;

export async function endServer(pid: number): Promise<void> {
  const beginning = processBeginning(pid);
  const runs = (): boolean => beginning !== undefined && processBeginning(pid) === beginning;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!runs()) return;
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
    for (const deadline = Date.now() + patience; runs() && Date.now() < deadline; ) await sleep(15);
  }
}
