/** Our server and the reference chain, ready to be measured by turns. */

import { Chain } from './chain.ts';
import { CpuAccount } from './cpu-account.ts';
import type { RowOptions } from './row.ts';
import { BenchServer } from './server.ts';
import type { Workspace } from './workspace.ts';

export interface Pair {
  readonly server: BenchServer;
  readonly chain: Chain;
  /** The server's. */
  readonly cpu: CpuAccount;
}

/** As many tasks at a time as the chain of design §9 has. */
export const parallel = 8;

const pairs = new WeakMap<Workspace, Promise<Pair>>();

/** One pair for all rows that want it; with the App `bench`, which runs `echo hi`. */
export function rowServer({ workspace }: RowOptions): Promise<Pair> {
  let pair = pairs.get(workspace);
  if (pair === undefined) {
    pair = make(workspace);
    pairs.set(workspace, pair);
  }
  return pair;
}

async function make(workspace: Workspace): Promise<Pair> {
  const cpu = new CpuAccount(workspace, `kf-bench-server-${process.pid}`);
  const server = await BenchServer.start(workspace, { cpu, env: { KF_MAX_TASKS: `${parallel}` } });
  await server.app('bench', 'echo hi');
  const chain = await Chain.prepare(
    workspace,
    server,
    'bench',
    new CpuAccount(workspace, `kf-bench-script-${process.pid}`),
  );
  return { server, chain, cpu };
}
