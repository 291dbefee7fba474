/** One run of a probe: a command in the container, an HTTP request, a TCP connection. */

import { connect } from 'node:net';
import type { Container, Probe } from '../../../resources/core/pod.ts';
import { type CommandPlace, prepareCommand, runPrepared } from '../../exec/prepare-command.ts';
import { isInChroot } from '../../host/chroot.ts';
import type { RunCommand } from '../../host/run-command.ts';
import { ConfigError } from '../plan/config-error.ts';
import { httpGet, portOf } from './http-get.ts';

export interface Probed extends CommandPlace {
  readonly container: Container;
  readonly podIP: string;
  /** Runs programs that may take as long as they want. */
  readonly run: RunCommand;
}

/** Hooks of its life, too. @throws ConfigError for a probe that could never succeed: out of a chroot nothing enters a container */
export async function checkProbes(container: Container): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe, lifecycle } = container;
  const isProbe = [startupProbe, readinessProbe, livenessProbe].some((probe) => probe?.exec !== undefined);
  const isHook = lifecycle?.postStart?.exec !== undefined || lifecycle?.preStop?.exec !== undefined;
  if (!isProbe && !isHook) return;
  if (await isInChroot().catch(() => false))
    throw new ConfigError(
      `the server runs in a chroot, from which no ${isProbe ? 'probe' : 'hook'} can run a command (exec) in a container: ` +
        `${isProbe ? 'probe a port (httpGet, tcpSocket)' : 'use httpGet'}, or start the server outside of the chroot`,
    );
}

/** Whether it is well. Never rejects. */
export async function check(probe: Probe, probed: Probed): Promise<boolean> {
  const timeout = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec !== undefined) await inside(probe.exec.command ?? [], probed, timeout);
    else if (probe.httpGet !== undefined) await answers(probe.httpGet, probed, timeout);
    else if (probe.tcpSocket !== undefined) await accepts(probe.tcpSocket, probed, timeout);
    return true;
  } catch {
    return false;
  }
}

async function inside(command: readonly string[], probed: Probed, timeout: number): Promise<void> {
  await runPrepared(prepareCommand(probed, command), (program, args) =>
    probed.run(program, args, { timeout, quiet: true }),
  );
}

async function answers(
  action: NonNullable<Probe['httpGet']>,
  { container, podIP }: Probed,
  timeout: number,
): Promise<void> {
  const signal = AbortSignal.timeout(timeout);
  const status = await httpGet(action, { container, podIP, userAgent: 'kube-probe', signal });
  if (status < 200 || status >= 400) throw new Error(`HTTP ${status}`);
}

function accepts(
  { port, host }: NonNullable<Probe['tcpSocket']>,
  { container, podIP }: Probed,
  timeout: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host || podIP, port: portOf(port, container) });
    socket.setTimeout(timeout, () => socket.destroy(new Error('timeout')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
