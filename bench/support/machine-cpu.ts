/** What all processors of the machine did meanwhile, so that others' load is not taken for ours. */

import { readdirSync, readFileSync } from 'node:fs';
import { ticksOf } from './processes.ts';

/** In ticks of 10 ms. */
interface Ticks {
  readonly total: number;
  readonly idle: number;
  /** The bench's own process: client of ours, or waiting for the chain. */
  readonly bench: number;
  /** Namespaces, links and loop devices are taken down by the kernel's own threads. */
  readonly kernel: number;
}

/** Shares of all processors' time, 0 to 1. */
export type CpuShares = Readonly<Record<'measured' | 'bench' | 'kernel' | 'others' | 'idle', number>>;

function read(): Ticks {
  const fields = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ').map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupts = 0, soft = 0, steal = 0] = fields;
  const bench = process.cpuUsage();
  return {
    total: user + nice + system + idle + wait + interrupts + soft + steal,
    idle: idle + wait,
    bench: (bench.user + bench.system) / 10_000,
    kernel: kernelThreads().reduce((sum, pid) => sum + ticksOf(pid, { children: false }), 0),
  };
}

/** Children of kthreadd: they have no command line. */
function kernelThreads(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === '2';
      } catch {
        return false;
      }
    });
}

export class MachineCpu {
  readonly #before = read();

  /** @param milliseconds of processor time that the measured side has used since this was made */
  shares(milliseconds: number): CpuShares {
    const now = read();
    const total = now.total - this.#before.total;
    const shareOf = (name: keyof Ticks): number => (now[name] - this.#before[name]) / total;
    const [idle, bench, kernel] = [shareOf('idle'), shareOf('bench'), shareOf('kernel')];
    const measured = milliseconds / 10 / total;
    return { measured, bench, kernel, idle, others: Math.max(0, 1 - idle - measured - bench - kernel) };
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

export const sharesText = ({ measured, bench, kernel, others, idle }: CpuShares): string =>
  `${percent(measured)} (kernel threads ${percent(kernel)}, bench ${percent(bench)}, others ${percent(others)}, idle ${percent(idle)})`;
