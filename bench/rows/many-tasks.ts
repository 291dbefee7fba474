/** Many short tasks, eight at a time, until the last resource is released, against the chain with eight workers. */

import { type CpuShares, MachineCpu, sharesText } from '../support/machine-cpu.ts';
import { type Pair, parallel, rowServer } from '../support/pair.ts';
import { Resources } from '../support/resources.ts';
import type { Row } from '../support/row.ts';
import { median } from '../support/statistics.ts';
import { createTask, TaskWatch } from '../support/tasks.ts';

export const manyTasks: Row = {
  name: 'many-tasks',
  what: '500 short tasks, 8 at a time, until the last resource is released',
  async run(options) {
    const pair = await rowServer(options);
    const count = options.quick ? 100 : 500;
    const rounds = options.quick ? 3 : 2;
    const results: { ours: Ours; chain: Side }[] = [];
    // Pools of what is used again have their size afterwards.
    await oursOnce(pair, 4 * parallel, { warmUp: true });
    await pair.chain.run(16, parallel);
    for (let round = 0; round < rounds; round++) {
      const chain = await chainOnce(pair, count);
      const ours = await oursOnce(pair, count);
      options.progress(
        `round ${round + 1} of ${rounds}: ours ${ours.total.toFixed(0)} ms, chain ${chain.total.toFixed(0)} ms`,
      );
      results.push({ ours, chain });
    }
    const ratio = median(results.map(({ ours, chain }) => chain.total / ours.total));
    const of = (name: Exclude<keyof Ours, 'shares'>): number => median(results.map(({ ours }) => ours[name]));
    const chain = median(results.map((result) => result.chain.total));
    return [
      {
        what: `throughput of ${count} tasks ÷ the chain's`,
        value: ratio,
        unit: 'x',
        target: { least: 0.8 },
        details: [
          `${rounds} rounds by turns; ours ${(count / (of('total') / 1000)).toFixed(1)} per second, chain ${(count / (chain / 1000)).toFixed(1)}`,
          `ours: all created after ${of('created').toFixed(0)} ms, all Succeeded after ${of('succeeded').toFixed(0)}, all released after ${of('total').toFixed(0)}`,
          ...results.map(
            ({ ours, chain: theirs }) =>
              `processors: ours ${sharesText(ours.shares)}; chain ${sharesText(theirs.shares)}`,
          ),
          `processor time per task ${(of('cpu') / count).toFixed(0)} ms of which the server itself ${(of('server') / count).toFixed(1)}`,
        ],
        cause: `the processors are the limit: ${(of('cpu') / count).toFixed(0)} ms per task, released ${(of('total') - of('succeeded')).toFixed(0)} ms after the last success`,
      },
    ];
  },
};

interface Side {
  readonly total: number;
  readonly shares: CpuShares;
}

interface Ours extends Side {
  readonly created: number;
  readonly succeeded: number;
  /** Milliseconds of processor time: all, and the server's process alone. */
  readonly cpu: number;
  readonly server: number;
}

async function chainOnce({ server, chain }: Pair, count: number): Promise<Side> {
  await server.settled();
  const before = chain.cpuMilliseconds();
  const machine = new MachineCpu();
  const { total } = await chain.run(count, parallel);
  return { total: total / 1000, shares: machine.shares(chain.cpuMilliseconds() - before) };
}

async function oursOnce(
  { server, cpu }: Pair,
  count: number,
  { warmUp = false }: { readonly warmUp?: boolean } = {},
): Promise<Ours> {
  await server.settled();
  const resources = new Resources(server);
  const idle = resources.count();
  const watch = new TaskWatch(server);
  const before = cpu.used(server.prefix);
  const ticks = server.ticks();
  const machine = new MachineCpu();
  const began = performance.now();
  const names: string[] = [];
  // A client does not wait for one answer before it sends the next.
  for (let index = 0; index < count; index += parallel)
    names.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(parallel, count - index) }, () => createTask(server, 'bench')),
      )),
    );
  const created = performance.now() - began;
  for (const name of names) await watch.succeeded(name);
  const succeeded = performance.now() - began;
  watch.close();
  if (!warmUp) await resources.released(idle);
  const total = performance.now() - began;
  const used = cpu.used(server.prefix) - before;
  return { created, succeeded, total, cpu: used, server: (server.ticks() - ticks) * 10, shares: machine.shares(used) };
}
