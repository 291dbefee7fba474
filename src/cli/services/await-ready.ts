/** Waits until what was changed has reached everything that Tasks read at their start. */

import type { AnyKind } from '../../client/client.ts';
import { conditionOf } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import type { ObjectOf } from '../../resources/kind.ts';
import type { KubeObject, ObjectRef } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { waitFor } from '../wait/observe.ts';

/** Milliseconds between two lines that say what is waited for. */
const interval = 30_000;

export interface WaitOptions {
  /** Said at the beginning and every 30 s. */
  readonly text: string;
  /** Milliseconds; default: as long as it takes. */
  readonly timeout?: number;
  /** Before the error. */
  readonly prefix?: string;
}

/** @throws CliError when the object goes, is refused, or the time is up */
async function awaitState<K extends AnyKind>(
  context: Context,
  kind: K,
  ref: ObjectRef,
  reached: (object: ObjectOf<K>) => boolean,
  { text, timeout, prefix = '' }: WaitOptions,
): Promise<ObjectOf<K>> {
  const { io, clock } = context;
  const abort = new AbortController();
  const timer = timeout === undefined ? undefined : clock.after(timeout, () => abort.abort());
  const progress = setInterval(() => io.note(text), interval);
  let last: Parameters<typeof conditionOf>[0] | undefined;
  const look = (object: ObjectOf<K>): boolean => {
    last = object as KubeObject & Parameters<typeof conditionOf>[0];
    return reached(object);
  };
  try {
    const found = await waitFor(context, kind, ref, look, { signal: abort.signal });
    if (found !== undefined) return found;
  } finally {
    clearInterval(progress);
    timer?.cancel();
  }
  if (!abort.signal.aborted) throw new CliError(`${prefix}${kind.kind} "${ref.name}" was deleted`);
  const { reason, message } = (last === undefined ? undefined : conditionOf(last, 'Ready')) ?? {};
  throw new CliError(
    `${prefix}${kind.kind} "${ref.name}" did not become ready in time${message ? `: ${message}` : reason ? `: ${reason}` : ''}`,
  );
}

/** True, or False for good, as of the present generation. */
const isDecided = (object: ServiceInstance | ServiceInstanceBinding): boolean =>
  object.status?.observedGeneration === object.metadata.generation &&
  ['True', 'False'].includes(conditionOf(object, 'Ready')?.status ?? '');

/** The service cannot be, for a reason that stands in the message. */
export class ServiceRefused extends CliError {}

function requireReady(object: ServiceInstance | ServiceInstanceBinding, prefix = ''): void {
  const { status, message, reason } = conditionOf(object, 'Ready') ?? {};
  if (status === 'False')
    throw new ServiceRefused(`${prefix}checking Ready failed, status: False message: ${message} reason: ${reason}`);
}

/** @param version of the parameters that it must show, at least */
export async function awaitService(
  context: Context,
  ref: ObjectRef,
  version: string,
  options: WaitOptions,
): Promise<ServiceInstance> {
  context.io.note(options.text);
  const reached = (one: ServiceInstance): boolean =>
    isDecided(one) && (conditionOf(one, 'Ready')?.status === 'False' || atLeast(one.status?.paramsVersion, version));
  const service = await awaitState(context, ServiceInstance, ref, reached, options);
  requireReady(service, options.prefix);
  return service;
}

/** Until Tasks of the App that start from now on get the binding. */
export async function awaitBinding(context: Context, ref: ObjectRef, options: WaitOptions): Promise<void> {
  context.io.note(options.text);
  const binding = await awaitState(context, ServiceInstanceBinding, ref, isDecided, options);
  requireReady(binding, options.prefix);
  const app = { ...ref, name: binding.spec.app.name };
  await awaitBoundVersion(context, app, ref.name, binding.status?.paramsVersion ?? '', options);
}

/** Until the App's Tasks get a binding with at least this version of the service's parameters. */
export async function awaitBoundVersion(
  context: Context,
  app: ObjectRef,
  binding: string,
  version: string,
  options: WaitOptions,
): Promise<void> {
  const reached = ({ status }: App): boolean =>
    status?.serviceBindings?.some((one) => one.name === binding && atLeast(one.paramsVersion, version)) === true;
  await awaitState(context, App, app, reached, options);
}

/** Until Tasks that start do not get the binding any more. */
export async function awaitUnbound(
  context: Context,
  app: ObjectRef,
  binding: string,
  options: WaitOptions,
): Promise<void> {
  const reached = ({ status }: App): boolean => status?.serviceBindings?.some(({ name }) => name === binding) !== true;
  await awaitState(context, App, app, reached, options);
}

/** resourceVersions are decimal numbers that grow, here and on every cluster. */
const atLeast = (version: string | undefined, wanted: string): boolean =>
  version !== undefined && (version === wanted || BigInt(version) >= BigInt(wanted || '0'));
