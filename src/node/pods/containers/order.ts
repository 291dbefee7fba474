/** Which containers of a Pod may start now, and which must end, as the start order says. Pure. */

import type { StartOrder } from '../../../resources/core/start-order.ts';
import { type ContainerRun, canStart, hasEnded, hasFailed, isAlive, isReady } from './container-run.ts';

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
    const { after, afterReady = [], afterFailure } = order[name] ?? {};
    if (after !== undefined && !hasEnded(runs.get(after)!)) continue;
    if (chainFailed(name, order, runs) && afterFailure !== true) skip.push(name);
    else if (afterReady.every((other) => isReady(runs.get(other)!))) start.push(name);
  }
  return { start, skip };
}

/** Whether any container that this one waits for, directly or not, failed in a way that counts. */
function chainFailed(name: string, order: StartOrder, runs: Runs): boolean {
  const before = order[name]?.after;
  if (before === undefined) return false;
  const run = runs.get(before)!;
  return (hasFailed(run) && !isIgnored(order, before, run)) || chainFailed(before, order, runs);
}

/** It failed, and nobody minds. That its time was over is always minded, as with Tekton's `onError: continue`. */
const isIgnored = (order: StartOrder, name: string, run: ContainerRun): boolean =>
  order[name]?.ignoreFailure === true && hasFailed(run) && hasEnded(run) && run.reason !== 'TimeoutExceeded';

export const isSidecar = (order: StartOrder, name: string): boolean => order[name]?.sidecar === true;

/** Whether all but the sidecars are over: what a sidecar is for is done. A Pod of sidecars alone ends by itself. */
export function workIsOver(order: StartOrder, runs: Runs): boolean {
  const work = [...runs].filter(([name]) => !isSidecar(order, name));
  return work.length > 0 && work.every(([, run]) => hasEnded(run));
}

/** Sidecars to end: those that run, and those that will not, or not again. */
export function sidecarsToEnd(order: StartOrder, runs: Runs): { stop: readonly string[]; skip: readonly string[] } {
  const left = workIsOver(order, runs) ? [...runs].filter(([name]) => isSidecar(order, name)) : [];
  return {
    stop: left.filter(([, run]) => isAlive(run)).map(([name]) => name),
    skip: left.filter(([, run]) => canStart(run) || run.phase === 'backoff').map(([name]) => name),
  };
}

/** Sidecars of containers that have not ended yet. */
export const sidecarsInUse = (order: StartOrder, runs: Runs): readonly string[] =>
  [...runs].some(([name, run]) => !isSidecar(order, name) && isAlive(run))
    ? [...runs.keys()].filter((name) => isSidecar(order, name))
    : [];

/** What is wrong with the order itself: a container that is not there, or a circle. */
export function orderError(order: StartOrder, names: readonly string[]): string | undefined {
  const before = (name: string): readonly string[] => {
    const { after, afterReady = [] } = order[name] ?? {};
    return after === undefined ? afterReady : [after, ...afterReady];
  };
  for (const name of names) {
    const seen = new Set<string>();
    const open = [...before(name)];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (!names.includes(at)) return `start order: there is no container ${JSON.stringify(at)}`;
      if (at === name) return `start order: ${JSON.stringify(name)} waits for itself`;
      if (seen.has(at)) continue;
      seen.add(at);
      open.push(...before(at));
    }
    const after = order[name]?.after;
    // It ends only when all others have.
    if (after !== undefined && isSidecar(order, after) && !isSidecar(order, name))
      return `start order: ${JSON.stringify(name)} waits for the end of the sidecar ${JSON.stringify(after)}`;
  }
  return undefined;
}

export const allEnded = (runs: Runs): boolean => [...runs.values()].every(hasEnded);

/** Succeeded when every container that is no sidecar did, or was allowed not to. */
export function succeeded(order: StartOrder, runs: Runs): boolean {
  return [...runs].every(
    ([name, run]) => hasEnded(run) && (run.exitCode === 0 || isSidecar(order, name) || isIgnored(order, name, run)),
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
