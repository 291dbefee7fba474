/** How a container ended: its exit code, the counters of its last moment, and what they mean. */

import type { Container } from '../../../resources/core/pod.ts';
import type { ContainerOrder } from '../../../resources/core/start-order.ts';
import { errorMessage } from '../../../resources/errors.ts';
import { formatBytes } from '../../../resources/quantity.ts';
import type { NodeContext } from '../../context.ts';
import type { PodDisk } from '../../disk/disk.ts';
import { isFull } from '../../disk/disk-pressure.ts';
import { CreateError } from '../../runtime/conmon.ts';
import { lastLine } from '../../runtime/oci-runtime.ts';
import type { ContainerProcess, Exit } from '../containers/container.ts';
import { classify, type Ended, lost, type StopReason } from '../containers/container-run.ts';
import { ConfigError } from '../plan/config-error.ts';
import { memoryLimit } from '../plan/resources.ts';

export interface EndingInput {
  readonly container: Container;
  readonly order: ContainerOrder | undefined;
  readonly process: ContainerProcess;
  readonly exit: Exit;
  readonly startedAt: number | undefined;
  readonly stopped: StopReason | undefined;
  readonly disk: PodDisk | undefined;
}

export async function endingOf(context: NodeContext, input: EndingInput): Promise<Ended> {
  const { container, order, process, exit, startedAt, stopped, disk } = input;
  const [counters, used] = await Promise.all([
    context.cgroups.usage(process.place.id),
    disk?.usage().catch(() => undefined),
  ]);
  const oomKills = counters.oomKills ?? 0;
  const usage = {
    ...(counters.memoryPeakBytes === undefined ? {} : { memoryPeakBytes: counters.memoryPeakBytes }),
    ...(counters.cpuMilliseconds === undefined ? {} : { cpuMilliseconds: counters.cpuMilliseconds }),
    ...(used === undefined ? {} : { diskBytes: used.usedBytes }),
    oomKills,
  };
  if (exit.code === undefined || Number.isNaN(exit.code) || exit.code < 0) {
    // Without its monitor nothing reads its output or would record its exit code.
    await context.runtime.delete(process.place.id).catch(() => {});
    const why = (await isFull(context.layout.exits))
      ? `there was no room for its exit code: the file system of ${context.layout.exits} is full`
      : 'its monitor (conmon) was killed, so its exit code is not known';
    return { ...lost(why, exit.at, startedAt), usage };
  }
  const verdict = classify({
    exitCode: exit.code,
    stopped,
    oomKills,
    diskShare: used === undefined || used.totalBytes === 0 ? 0 : used.usedBytes / used.totalBytes,
    memoryLimit: formatBytes(memoryLimit(container, context.defaults, order)),
  });
  return {
    phase: 'ended',
    exitCode: exit.code,
    ...verdict,
    ...(startedAt === undefined ? {} : { startedAt }),
    finishedAt: exit.at,
    usage,
  };
}

/** A container that could not be started: its command did not run. */
export function refusalOf(error: unknown, now: number): Ended {
  const message = errorMessage(error);
  if (error instanceof ConfigError)
    return { phase: 'ended', exitCode: codeOf(error), reason: error.reason, message, finishedAt: now };
  const text = error instanceof CreateError ? lastLine(message) : message;
  return { phase: 'ended', exitCode: refusalCode(text), reason: 'ContainerCannotRun', message: text, finishedAt: now };
}

function codeOf({ reason, message }: ConfigError): number {
  if (reason === 'ContainerCannotRun') return refusalCode(message);
  return reason === 'NoShell' ? 127 : reason === 'Error' ? 1 : 128;
}

function refusalCode(message: string): number {
  if (/executable file not found|no such file or directory/i.test(message)) return 127;
  if (/permission denied/i.test(message)) return 126;
  return 128;
}
