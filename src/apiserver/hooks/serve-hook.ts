/** `POST /hooks/SPACE/NAME[/TOKEN]`: checks who asks, reads the body, runs the Task or the Job, answers 202 with its name (`task`, `taskRun` or `pipelineRun`). */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyKind } from '../../client/client.ts';
import { type Clock, rfc3339, systemClock } from '../../client/clock.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { Hook, largestHookBody } from '../../resources/kf/hook.ts';
import type { KubeObject, ObjectRef } from '../../resources/meta.ts';
import { refOf } from '../../resources/meta.ts';
import { isNotFound, StatusError, statusError } from '../../resources/status.ts';
import type { Api } from '../api.ts';
import { readBytes } from '../http/body.ts';
import type { RequestInfo } from '../http/request-info.ts';
import { methodNotAllowed, noSuchPath, sendJson } from '../http/respond.ts';
import { type HookKeys, isSignature, isToken, keysOf } from './hook-keys.ts';
import { HookLimits } from './hook-limits.ts';
import { type HookRequest, hookRequest } from './hook-request.ts';
import { HookRunner } from './run-hook.ts';

/** Milliseconds for which a body may take to come. */
const bodyPatience = 30_000;

export class HookServer {
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #limits: HookLimits;
  readonly #runner: HookRunner;
  readonly #ready: Promise<void>;

  constructor(api: Api, onError: (error: unknown) => void, clock: Clock = systemClock) {
    this.#api = api;
    this.#clock = clock;
    this.#limits = new HookLimits(clock);
    this.#runner = new HookRunner(api);
    this.#ready = this.#runner.sweep().catch(onError);
  }

  /** @throws StatusError */
  async serve(req: IncomingMessage, res: ServerResponse, info: RequestInfo): Promise<void> {
    const request = hookRequest(info, req.headers);
    if (request === undefined) throw noSuchPath();
    if (req.method !== 'POST') throw methodNotAllowed();
    await this.#ready;
    const ref = { namespace: request.namespace, name: request.name };
    const hook = (await this.#find(Hook, ref)) as Hook | undefined;
    const keys = keysOf(hook === undefined ? undefined : await this.#secretOf(hook));
    const body = await this.#admitted(req, request, keys);
    // A hook that is not there is answered like a wrong token, so that names cannot be guessed.
    if (hook === undefined) throw unauthorized();
    this.#limits.count(hook.metadata.uid ?? '');
    try {
      const { kind, name, ...result } = await this.#runner.run(hook, request, body);
      this.#note(hook, name, result.repeated ? 'accepted, a repeat' : 'accepted');
      const field = `${kind[0]?.toLowerCase()}${kind.slice(1)}`;
      sendJson(res, 202, { space: request.namespace, [field]: name, ...result });
    } catch (error) {
      if (error instanceof StatusError) this.#note(hook, undefined, error.message);
      throw error;
    }
  }

  /** The body of a request whose token or signature is right. @throws StatusError Unauthorized */
  async #admitted(req: IncomingMessage, { token, signature }: HookRequest, keys: HookKeys): Promise<Buffer> {
    if (token !== undefined && !isToken(token, keys)) throw unauthorized();
    if (token === undefined && signature === undefined) throw unauthorized();
    const body = await this.#limits.whileReading(token === undefined ? 'unknown' : 'known', () => bodyOf(req));
    // A signature is looked at after the body, whether or not there is anything to verify it with.
    if (token === undefined && !isSignature(signature!, body, keys)) throw unauthorized();
    return body;
  }

  #secretOf(hook: Hook): Promise<Secret | undefined> {
    const ref = { ...refOf(hook), name: hook.spec.secretName };
    return this.#find(Secret, ref) as Promise<Secret | undefined>;
  }

  /** For people to see; nothing depends on it. */
  #note(hook: Hook, run: string | undefined, result: string): void {
    const status = {
      lastTime: rfc3339(this.#clock.now()),
      lastResult: result,
      ...(run === undefined ? {} : { lastTask: run }),
    };
    const options = { caller: { user: 'system:kf', groups: [] }, subresource: 'status', acknowledge: 'early' } as const;
    this.#api.patch(Hook, refOf(hook), { type: 'merge', body: { status } }, options).catch(() => undefined);
  }

  async #find(kind: AnyKind, ref: ObjectRef): Promise<KubeObject | undefined> {
    try {
      return await this.#api.get(kind, ref);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const late = setTimeout(() => req.destroy(), bodyPatience).unref();
  try {
    return await readBytes(req, largestHookBody);
  } finally {
    clearTimeout(late);
  }
}

/** The same whether the hook is not there, or its token is another one. */
const unauthorized = (): StatusError => statusError('Unauthorized', 'Unauthorized');
