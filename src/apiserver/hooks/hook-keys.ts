/** Whether a request may use a hook: compared in constant time, and the same answer whether the hook exists or not. */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../resources/core/kinds.ts';

export interface HookKeys {
  /** SHA-256 of the token; of nothing that anybody could know where there is no such hook. */
  readonly tokenHash: Buffer;
  readonly signingSecret?: Buffer;
}

const nobody = Buffer.alloc(32);

export function keysOf(secret: Secret | undefined): HookKeys {
  const read = (key: string): Buffer | undefined => {
    const value = secret?.data?.[key];
    return value === undefined ? undefined : Buffer.from(value, 'base64');
  };
  const tokenHash = Buffer.from(read('token')?.toString() ?? '', 'hex');
  const signingSecret = read('signingSecret');
  return {
    tokenHash: tokenHash.length === nobody.length ? tokenHash : nobody,
    ...(signingSecret === undefined || signingSecret.length === 0 ? {} : { signingSecret }),
  };
}

export const isToken = (token: string, { tokenHash }: HookKeys): boolean =>
  timingSafeEqual(createHash('sha256').update(token).digest(), tokenHash) && !tokenHash.equals(nobody);

/** GitHub's `X-Hub-Signature-256`. */
export function isSignature(signature: string, body: Buffer, { signingSecret }: HookKeys): boolean {
  if (signingSecret === undefined) return false;
  const expected = Buffer.from(`sha256=${createHmac('sha256', signingSecret).update(body).digest('hex')}`);
  const given = Buffer.from(signature.toLowerCase());
  return given.length === expected.length && timingSafeEqual(given, expected);
}
