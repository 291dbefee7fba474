/** How posts are signed: Standard Webhooks (standardwebhooks.com), so that its libraries verify them. Pure. */

import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** The key that a secret stands for: base64 behind `whsec_`, else the text itself. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);

export interface Signed {
  readonly id: string;
  /** Seconds since the epoch: of the attempt, not of the event. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers of a post; without a secret it is not signed. */
export function webhookHeaders(
  { id, timestamp, body }: Signed,
  secret: string | undefined,
): Readonly<Record<string, string>> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) };
  if (secret === undefined) return headers;
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
