/** One look at a container, as its probe says: a command inside, a request, a connection. */

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { Container, Probe } from '../../resources/core/pod.ts';
import { prepareCommand } from '../exec/prepare-command.ts';
import { isInChroot } from '../host/chroot.ts';
import type { RunCommand } from '../host/run-command.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';
import { ConfigError } from './config-error.ts';

export interface Probed {
  readonly container: Container;
  /** The runtime's name of it. */
  readonly id: string;
  /** Holds its config.json. */
  readonly bundle: string;
  readonly podIP: string;
  readonly runtime: OciRuntime;
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
  const { runtime, run } = probed;
  const { args, remove } = prepareCommand(probed, runtime, command);
  await run(runtime.path, args, { timeout }).finally(remove);
}

function answers(
  { path = '/', port, host, scheme = 'HTTP', httpHeaders = [] }: NonNullable<Probe['httpGet']>,
  { container, podIP }: Probed,
  timeout: number,
): Promise<void> {
  const send = scheme.toUpperCase() === 'HTTPS' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(
      {
        host: host || podIP,
        port: portOf(port, container),
        path: path.startsWith('/') ? path : `/${path}`,
        headers: { 'User-Agent': 'kube-probe', Accept: '*/*', ...headersOf(httpHeaders), Connection: 'close' },
        signal: AbortSignal.timeout(timeout),
        // As the kubelet: it asks whether somebody answers, not who.
        rejectUnauthorized: false,
      },
      (response) => {
        response.destroy();
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 400) resolve();
        else reject(new Error(`HTTP ${statusCode}`));
      },
    );
    request.once('error', reject).end();
  });
}

export const headersOf = (
  list: readonly { readonly name: string; readonly value?: string }[],
): Record<string, string> => Object.fromEntries(list.map(({ name, value = '' }) => [name, value]));

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

/** @throws Error for a name that is none of the container's ports */
export function portOf(port: number | string, { ports = [] }: Container): number {
  const number = /^\d+$/.test(String(port)) ? Number(port) : ports.find(({ name }) => name === port)?.containerPort;
  if (number === undefined) throw new Error(`no port ${port}`);
  return number;
}
