/** The fastest OCI runtime that really works on this machine; tried once per boot, since some refuse a machine that others take. */

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../files/durable.ts';
import { errorMessage } from '../../resources/errors.ts';
import { readBootId } from '../boot-id.ts';
import { trialPrefix, tryRuntime } from '../doctor/runtime-trial.ts';
import { runCommand } from '../host/run-command.ts';

interface Choice {
  readonly bootId: string;
  readonly candidates: readonly string[];
  readonly runtime: string;
}

/**
 * @param candidates paths, the preferred one first
 * @param dataDir whose only server this is
 * @throws Error with each candidate's own reason when none works
 */
export async function chooseRuntime(candidates: readonly string[], dataDir: string): Promise<string> {
  const file = join(dataDir, 'runtime.json');
  const bootId = readBootId();
  // What a power cut has left of it tells nothing: it is tried anew.
  const kept = await readFile(file, 'utf8')
    .then((text) => JSON.parse(text) as Choice)
    .catch(() => undefined);
  if (kept?.bootId === bootId && kept.candidates.join() === candidates.join()) return kept.runtime;
  await removeTrials(dataDir);
  const reasons: string[] = [];
  for (const runtime of candidates) {
    try {
      await tryRuntime(runCommand, runtime, dataDir);
      // For the next start only, which tries again where the disk has no room for it.
      await writeDurably(file, JSON.stringify({ bootId, candidates, runtime } satisfies Choice)).catch(() => undefined);
      return runtime;
    } catch (error) {
      reasons.push(`${runtime}: ${errorMessage(error)}`);
    }
  }
  throw new Error(`no OCI runtime works on this machine: ${reasons.join('; ')}`);
}

/** Attempts that were interrupted. */
async function removeTrials(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir))
    if (name.startsWith(trialPrefix)) await rm(join(dataDir, name), { recursive: true, force: true });
}
