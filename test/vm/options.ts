/** The command line of `npm run test:vm`. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const runtimes = ['crun', 'runc'] as const;
export type RuntimeName = (typeof runtimes)[number];

/** In the order in which they run: a power cut last, what it has broken would spoil the others. */
const suites = ['systemd', 'reboot', 'power-cut', 'e2e'] as const;
export type SuiteName = (typeof suites)[number];

const accelerators = ['kvm', 'tcg'] as const;
export type Accelerator = (typeof accelerators)[number];

export interface Options {
  readonly runtimes: readonly RuntimeName[];
  readonly suites: readonly SuiteName[];
  /** Undefined: whichever works. */
  readonly accelerator?: Accelerator;
  /** The virtual machine goes on at the end, and what to type to enter it is printed. */
  readonly keep: boolean;
  /** Where the installed Debian is kept between runs. */
  readonly cache: string;
  /** Passed on to vitest in the end-to-end suite: files, `-t`. */
  readonly vitest: readonly string[];
}

export const usage = `npm run test:vm -- [OPTIONS] [FILES AND FLAGS OF VITEST FOR e2e]

Boots Debian with systemd and cgroup v2 under qemu and tests there. Needs root, 5 GB of disk, 5 GB of memory.

  --runtime crun|runc     only with this one; default: with each
  --only NAME[,NAME]      ${suites.join(', ')}; default: all
  --accelerator kvm|tcg   default: KVM where it works. Without it everything takes some twenty times as long, and
                          the end-to-end suite hours: choose files, like --only e2e -- test/e2e/node-run.test.ts
  --keep                  leave the virtual machine running at the end
  --help

The installed Debian is kept in ~/.cache/kf-tasks/vm, or where KF_VM_CACHE says; console logs lie in its folder run.`;

/** @throws Error that names what was wrong */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runtime: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', multiple: true, default: [] },
      accelerator: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    runtimes: chosen('--runtime', values.runtime, runtimes),
    suites: chosen('--only', values.only, suites),
    accelerator: values.accelerator === undefined ? undefined : one('--accelerator', values.accelerator, accelerators),
    keep: values.keep,
    cache: env.KF_VM_CACHE || join(homedir(), '.cache/kf-tasks/vm'),
    vitest: positionals,
  };
}

/** All when none is named; in the order of `known`. */
function chosen<T extends string>(flag: string, lists: readonly string[], known: readonly T[]): readonly T[] {
  const named = lists.flatMap((list) => list.split(',')).map((name) => one(flag, name, known));
  return named.length === 0 ? known : known.filter((name) => named.includes(name));
}

function one<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new Error(`${flag} ${value}: choose from ${known.join(', ')}`);
  return found;
}
