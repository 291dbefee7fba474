/** Everything that `kf doctor` looks at. */

import { type RunCommand, runCommand } from '../host/run-command.ts';
import type { Check, CheckResult } from './check.ts';
import { after, capabilityCheck, cgroupWriteCheck, loopCheck, networkSettingsCheck } from './container-checks.ts';
import {
  cgroupCheck,
  nodeCheck,
  openFilesCheck,
  rootCheck,
  seccompCheck,
  spaceCheck,
  userNamespaceCheck,
} from './machine-checks.ts';
import { programChecks } from './programs.ts';
import { diskTrials, existingFolder, networkTrial, runtimeTrial } from './trials.ts';

export interface DoctorOptions {
  /** The server's data directory; it need not exist. */
  readonly dataDir: string;
  readonly run?: RunCommand;
}

/** In the order in which they should be mended. Trials need root: without it they are left out. */
export async function checks({ dataDir, run = runCommand }: DoctorOptions): Promise<readonly Check[]> {
  const looks = [
    rootCheck,
    nodeCheck(),
    ...programChecks(run),
    cgroupCheck,
    seccompCheck,
    userNamespaceCheck,
    spaceCheck(await existingFolder(dataDir)),
    openFilesCheck,
  ];
  if (process.geteuid?.() !== 0) return looks;
  const allowed = capabilityCheck();
  return [
    ...looks,
    allowed,
    cgroupWriteCheck,
    networkSettingsCheck,
    loopCheck,
    after([allowed, cgroupWriteCheck], runtimeTrial(run)),
    ...diskTrials(run, dataDir).map((trial) => after([allowed], trial)),
    after([allowed, networkSettingsCheck], networkTrial(run)),
  ];
}

/** One result after the other, as soon as it is known. */
export async function* diagnose(options: DoctorOptions): AsyncGenerator<CheckResult> {
  for (const { name, run } of await checks(options)) yield { name, ...(await run()) };
}
