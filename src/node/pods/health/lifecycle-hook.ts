/** A container's own commands right after its start and before its end, as Kubernetes runs them. */

import { type Clock, pause } from '../../../client/clock.ts';
import type { LifecycleHandler } from '../../../resources/core/pod.ts';
import { prepareCommand, runPrepared } from '../../exec/prepare-command.ts';
import { runCommand } from '../../host/run-command.ts';
import { httpGet } from './http-get.ts';
import type { Probed } from './probe-checks.ts';

/** @param signal cuts it short @throws Error when it fails, with what it says */
export async function runHook(
  hook: LifecycleHandler,
  probed: Probed,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (hook.exec !== undefined) await inside(hook.exec.command ?? [], probed, signal);
  else if (hook.httpGet !== undefined) {
    const { container, podIP } = probed;
    // Whatever the answer is: that there is one will do.
    await httpGet(hook.httpGet, { container, podIP, userAgent: 'kube-lifecycle', signal });
  } else if (hook.sleep !== undefined) await pause(clock, hook.sleep.seconds * 1000, signal);
}

async function inside(command: readonly string[], probed: Probed, signal: AbortSignal): Promise<void> {
  // However long it takes, no probe waits for it.
  await runPrepared(prepareCommand(probed, command), (program, args) =>
    runCommand(program, args, { signal, quiet: true }),
  );
}
