/** Which containers of a Pod may start now, as the start order says. Pure. */

import type { StartOrder } from '../../resources/core/start-order.ts';
import { type ContainerRun, canStart, hasEnded, hasFailed } from './container-run.ts';

export type Runs = ReadonlyMap<string, ContainerRun>;

export interface NextMoves {
  readonly start: readonly string[];
  readonly skip: readonly string[];
}

export function nextMoves(order: StartOrder, runs: Runs): NextMoves {
  const start: string[] = [];
  const skip: string[] = [];
  for (const [name, run] of runs) {
    if (!canStart(run)) continue;
    const before = order[name]?.after;
    if (before === undefined) start.push(name);
    else if (!hasEnded(runs.get(before)!)) continue;
    else if (chainFailed(name, order, runs) && order[name]?.afterFailure !== true) skip.push(name);
    else start.push(name);
  }
  return { start, skip };
}

/** Whether any container that this one waits for, directly or not, failed in a way that counts. */
function chainFailed(name: string, order: StartOrder, runs: Runs): boolean {
  const before = order[name]?.after;
  if (before === undefined) return false;
  return (hasFailed(runs.get(before)!) && order[before]?.ignoreFailure !== true) || chainFailed(before, order, runs);
}

/** What is wrong with the order itself: a container that is not there, or a circle. */
export function orderError(order: StartOrder, names: readonly string[]): string | undefined {
  for (const name of names) {
    const seen = new Set<string>();
    for (let at: string | undefined = name; at !== undefined; at = order[at]?.after) {
      if (!names.includes(at)) return `start order: there is no container ${JSON.stringify(at)}`;
      if (seen.has(at)) return `start order: ${JSON.stringify(name)} waits for itself`;
      seen.add(at);
    }
  }
  return undefined;
}

export const allEnded = (runs: Runs): boolean => [...runs.values()].every(hasEnded);

/** Succeeded when every container did, or was allowed not to. */
export function succeeded(order: StartOrder, runs: Runs): boolean {
  return [...runs].every(
    ([name, run]) => hasEnded(run) && (run.exitCode === 0 || (hasFailed(run) && order[name]?.ignoreFailure === true)),
  );
}

/**
 * The most that containers can need at the same time, when `need` tells what each needs: those in a row share it,
 * those beside each other add up.
 */
export function concurrentNeed(order: StartOrder, names: readonly string[], need: (name: string) => number): number {
  const after = (name: string): readonly string[] => names.filter((candidate) => order[candidate]?.after === name);
  const below = (name: string): number =>
    Math.max(
      need(name),
      after(name).reduce((sum, next) => sum + below(next), 0),
    );
  const roots = names.filter((name) => order[name]?.after === undefined);
  return roots.reduce((sum, root) => sum + below(root), 0);
}
