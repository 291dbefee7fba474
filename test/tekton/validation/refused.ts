/** What the server answers to a manifest of Tekton's kinds. */

import { afterAll, beforeAll, expect } from 'vitest';
import type { AnyKind } from '../../../src/client/client.ts';
import { StatusError } from '../../../src/resources/status.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

const caller = { user: 'test', groups: [] };
const name = 'it';
const denied = 'admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: ';

export interface Server {
  /** Fails unless the object is refused by Tekton's validation, with 400; gives what is wrong. */
  refusal(kind: AnyKind, spec: unknown, metadata?: object): Promise<string>;
  /** Fails unless the object is taken; gives its spec. */
  taken(kind: AnyKind, spec: unknown): Promise<unknown>;
  readonly api: TestApi['api'];
}

/** A server of this file; after all, nothing of what was refused may be there. */
export function useServer(kinds: readonly AnyKind[]): Server {
  let server: TestApi;
  beforeAll(() => {
    server = startLocalApi();
  });
  afterAll(async () => {
    for (const kind of kinds) expect((await server.api.list(kind)).items).toEqual([]);
    await server.close();
  });
  const create = (kind: AnyKind, spec: unknown, metadata: object, dryRun: boolean) =>
    server.api.create(kind, 'default', { metadata: { name, ...metadata }, spec }, { caller, dryRun });
  return {
    get api() {
      return server.api;
    },
    async refusal(kind, spec, metadata = {}) {
      const error = await create(kind, spec, metadata, false).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof StatusError)) throw error ?? new Error(`taken: ${JSON.stringify(spec)}`);
      expect([error.code, error.reason]).toEqual([400, 'BadRequest']);
      expect(error.message.slice(0, denied.length)).toBe(denied);
      return error.message.slice(denied.length);
    },
    async taken(kind, spec) {
      return ((await create(kind, spec, {}, true)) as { spec?: unknown }).spec;
    },
  };
}

/** A step that is fine. */
export const step = { name: 's', image: 'busybox', script: 'true' };
/** A task of a Pipeline that is fine. */
export const pipelineTask = { name: 'a', taskRef: { name: 'a' } };
