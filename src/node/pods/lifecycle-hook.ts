/** A container's own commands right after its start and before its end, as Kubernetes runs them. */

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../client/clock.ts';
import type { LifecycleHandler } from '../../resources/core/pod.ts';
import { prepareCommand } from '../exec/prepare-command.ts';
import { runCommand } from '../host/run-command.ts';
import { headersOf, type Probed, portOf } from './probe-checks.ts';

/** @param signal cuts it short @throws Error when it fails, with what it says */
export async function runHook(
  hook: LifecycleHandler,
  probed: Probed,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (hook.exec !== undefined) await inside(hook.exec.command ?? [], probed, signal);
  else if (hook.httpGet !== undefined) await send(hook.httpGet, probed, signal);
  else if (hook.sleep !== undefined) await sleep(hook.sleep.seconds * 1000, clock, signal);
}

async function inside(command: readonly string[], probed: Probed, signal: AbortSignal): Promise<void> {
  const { runtime } = probed;
  const { args, remove } = prepareCommand(probed, runtime, command);
  // However long it takes, no probe waits for it.
  await runCommand(runtime.path, args, { signal }).finally(remove);
}

/** Whatever the answer is: that there is one will do. */
function send(
  { path = '/', port, host, scheme = 'HTTP', httpHeaders = [] }: NonNullable<LifecycleHandler['httpGet']>,
  { container, podIP }: Probed,
  signal: AbortSignal,
): Promise<void> {
  const ask = scheme.toUpperCase() === 'HTTPS' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = ask(
      {
        host: host || podIP,
        port: portOf(port, container),
        path: path.startsWith('/') ? path : `/${path}`,
        headers: { 'User-Agent': 'kube-lifecycle', Accept: '*/*', ...headersOf(httpHeaders), Connection: 'close' },
        signal,
        rejectUnauthorized: false,
      },
      (response) => {
        response.destroy();
        resolve();
      },
    );
    request.once('error', reject).end();
  });
}

const sleep = (milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = clock.after(milliseconds, resolve);
    signal.addEventListener(
      'abort',
      () => {
        timer.cancel();
        resolve();
      },
      { once: true },
    );
  });
