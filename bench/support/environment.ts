/** Where the figures come from: a reader must be able to judge them. */

import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { findPrograms } from '../../src/node/runtime/find-programs.ts';
import { outputOf } from './processes.ts';

export interface Environment {
  readonly kernel: string;
  readonly processors: string;
  readonly memory: string;
  readonly node: string;
  readonly runtimes: string;
  readonly conmon: string;
  readonly load: string;
}

const firstLine = (text: string | undefined): string => text?.split('\n')[0] ?? 'none';

export async function describeEnvironment(): Promise<Environment> {
  const { runtimes, conmon } = findPrograms();
  const versions = await Promise.all(runtimes.map((path) => outputOf(path, ['--version'])));
  return {
    kernel: release(),
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    node: process.version,
    runtimes: runtimes.map((path, index) => `${path} (${firstLine(versions[index])})`).join(', '),
    conmon: firstLine(await outputOf(conmon, ['--version'])),
    load: loadText(),
  };
}

/** Load average of the last minute, and the share of the last 10 s in which someone waited for a processor. */
export function loadText(): string {
  let pressure = '';
  try {
    const text = readFileSync('/proc/pressure/cpu', 'utf8');
    pressure = `, CPU pressure ${/some avg10=([\d.]+)/.exec(text)?.[1]} %`;
  } catch {
    // A kernel without pressure stall information.
  }
  return `load average ${loadavg()[0]?.toFixed(1)}${pressure}`;
}
