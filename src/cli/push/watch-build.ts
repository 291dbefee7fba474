/** Shows a Build's log and waits for its end. */

import { isFinal } from '../../resources/condition.ts';
import { parseDuration } from '../../resources/duration.ts';
import { App, buildName } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { paint } from '../io.ts';
import { buildLogSource } from '../logs/log-source.ts';
import { readBytes, splitLines } from '../logs/read-log.ts';
import { tipFlags } from '../tip-flags.ts';
import { observe, waitFor } from '../wait/observe.ts';

/** Milliseconds for which a push waits for the build: Kf's variables, else 15 minutes. @throws CliError */
export function pushTimeout(env: NodeJS.ProcessEnv): number {
  const text = env.CF_STARTUP_TIMEOUT ?? env.KF_STARTUP_TIMEOUT;
  if (text === undefined) return 15 * 60_000;
  const timeout = parseDuration(text);
  if (timeout === undefined)
    throw new CliError(`failed to parse timeout env: ${JSON.stringify(text)} is not a duration`);
  return timeout;
}

/**
 * The App once the Build of its present request has ended and the App says so.
 * @throws CliError when the time is up or the App was deleted; Exit after Ctrl-C
 */
export async function watchBuild(context: Context, app: App): Promise<App> {
  const timeout = pushTimeout(context.env);
  const stop = new AbortController();
  const timedOut = setTimeout(() => stop.abort('timeout'), timeout);
  const interrupt = context.io.onInterrupt(() => stop.abort('interrupt'));
  const name = buildName(app);
  const log = `kf build-logs ${name}${tipFlags(context.flags, app.metadata.namespace!)}`;
  try {
    const { signal } = stop;
    const isBuilding = (one: App): boolean => one.status?.latestBuild === name || isTaken(one);
    const building = await waitFor(context, App, refOf(app), isBuilding, { from: app, signal });
    if (building === undefined) throw stopped(stop.signal, log, timeout);
    if (building.status?.latestBuild !== name) return building;
    await showBuild(context, building, name, signal);
    const done = await waitFor(context, App, refOf(app), (one) => isBuilt(one, name), { from: building, signal });
    if (done === undefined) throw stopped(stop.signal, log, timeout);
    return done;
  } finally {
    clearTimeout(timedOut);
    interrupt.remove();
    stop.abort();
  }
}

/** Whether the App's status has the outcome of its Build. */
function isBuilt(app: App, build: string): boolean {
  const ready = app.status?.conditions?.find(({ type }) => type === 'BuildReady')?.status;
  const isCurrent = app.status?.observedGeneration === app.metadata.generation;
  if (ready === 'True') return isCurrent && app.status?.latestReadyBuild === build;
  return ready === 'False' && isCurrent && app.status?.latestBuild === build;
}

/** Whether a given image was taken without a Build, as Kf's own controllers do. */
const isTaken = ({ metadata, spec, status }: App): boolean =>
  spec.build.image !== undefined &&
  status?.image === spec.build.image &&
  status.observedGeneration === metadata.generation &&
  status.conditions?.some(({ type, status: value }) => type === 'BuildReady' && value === 'True') === true;

async function showBuild(context: Context, app: App, name: string, signal: AbortSignal): Promise<void> {
  const { io } = context;
  const ref = { namespace: app.metadata.namespace!, name };
  const prefix = Buffer.from(`${paint(io, 'green', '[build]')} `);
  await io.out(`${paint(io, 'green', '[deploy]')} Start tailing Build logs\n`);
  await io.out(`${paint(io, 'green', '[build]')} Logs for ${name}\n`);
  const began = context.clock.now();
  const log = (async () => {
    for await (const line of splitLines(
      readBytes(context, buildLogSource(ref), { follow: true, signal, patience: 60_000 }),
    ))
      await io.out(Buffer.concat(line.at(-1) === 0x0a ? [prefix, line] : [prefix, line, Buffer.from('\n')]));
  })();
  log.catch(() => undefined);
  const progress = new BuildProgress(context, name);
  try {
    for await (const build of observe(context, Build, ref, { signal })) {
      if (build === undefined) throw new CliError(`Build ${name} was deleted`);
      await progress.see(build);
      if (isFinal(build)) break;
    }
    await log;
  } finally {
    progress.stop();
  }
  const succeeded = `${paint(io, 'green', '[deploy]')} Built in ${((context.clock.now() - began) / 1000).toFixed(2)} seconds\n`;
  if (!signal.aborted && progress.succeeded) await io.out(succeeded);
}

/** Kf's `Updated state to: …`, and a sign of life every 30 s. */
class BuildProgress {
  succeeded = false;
  readonly #context: Context;
  readonly #timer: NodeJS.Timeout;
  #phase = '';

  constructor(context: Context, name: string) {
    this.#context = context;
    this.#timer = setInterval(() => context.io.note(`[deploy] Build ${name} goes on...`), 30_000);
  }

  async see(build: Build): Promise<void> {
    const condition = build.status?.conditions?.find(({ type }) => type === 'Succeeded');
    this.succeeded = condition?.status === 'True';
    const phase = build.status?.phase ?? '';
    if (phase === this.#phase || phase === '') return;
    this.#phase = phase;
    const { io } = this.#context;
    await io.out(`${paint(io, 'green', '[deploy]')} Updated state to: ${phase}\n`);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Why the watching ended before the Build did. @param log the command that shows the Build's log */
function stopped(signal: AbortSignal, log: string, timeout: number): Error {
  if (!signal.aborted) return new CliError('App was deleted');
  const tips = [
    { description: 'Follow the build', command: log },
    { description: 'Terminate it', command: log.replace('kf build-logs', 'kf terminate-build') },
  ];
  if (signal.reason === 'timeout')
    return new CliError(`the build has not ended after ${timeout / 1000} s (KF_STARTUP_TIMEOUT); it goes on`, { tips });
  return new CliError('stopped watching; the build goes on', { tips, exitCode: exitCodes.interrupted });
}
