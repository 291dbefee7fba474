/** Takes over a container that an earlier server began with, as `decide` says. */

import { lost } from '../containers/container-run.ts';
import type { ContainerStarts } from '../containers/container-starts.ts';
import type { ContainerWatch } from '../containers/container-watch.ts';
import type { PodParts } from '../pod-parts.ts';
import type { Found } from './decide.ts';

interface Engine {
  readonly parts: PodParts;
  readonly starts: ContainerStarts;
  readonly watch: ContainerWatch;
}

export async function resumeContainer({ parts, starts, watch }: Engine, name: string, what: Found): Promise<void> {
  if (!parts.runs.has(name)) return;
  const process = parts.processes.of(name);
  const record = parts.journal.get(name);
  const startedAt = record?.startedAt;
  if (what.decision === 'ended' && record?.ended !== undefined) {
    const ended = { phase: 'ended', ...record.ended } as const;
    if (!watch.restarts.take(name, ended)) parts.runs.set(name, ended);
  } else if (what.decision === 'ended') {
    parts.runs.set(name, { phase: 'running', startedAt: startedAt ?? 0 });
    await watch.exited(name, process, process.exit() ?? { code: undefined, at: parts.context.clock.now() }, startedAt);
  } else if (what.decision === 'adopt') {
    watch.follow(name, process, startedAt ?? parts.context.clock.now(), false);
  } else if (what.decision === 'start') {
    starts.startAgain(name, process);
  } else if (what.decision === 'anew') {
    parts.journal.forget(name);
    await parts.processes.discard(name);
  } else {
    const ended = lost(what.why, parts.context.clock.now(), startedAt);
    if (!watch.restarts.take(name, ended)) parts.runs.set(name, ended);
  }
}
