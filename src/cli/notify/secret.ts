/** The Secret that signs notifications: made once, shown once. */

import { randomBytes } from 'node:crypto';
import { getIfExists } from '../../client/get-if-exists.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { labels } from '../../resources/labels.ts';
import type { OwnerReference } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';

export const jobSecretName = (job: string): string => childName('kf-notify-', job);

export interface SecretRequest {
  readonly name: string;
  /** Default: what is there stays; else one is generated. */
  readonly chosen?: string;
  readonly owner?: OwnerReference;
}

/** Makes sure of the Secret, and prints it when it is new and was not given. */
export async function ensureSecret(context: Context, session: Session, request: SecretRequest): Promise<void> {
  const { client, space } = session;
  const { name, chosen, owner } = request;
  const ref = { namespace: space, name };
  const existing = await getIfExists(client, Secret, ref);
  if (existing !== undefined && chosen === undefined)
    return context.io.note('Posts are signed with the same secret as before.');
  const secret = chosen ?? `whsec_${randomBytes(32).toString('base64')}`;
  if (existing !== undefined) {
    await client.patch(Secret, ref, { type: 'merge', body: { stringData: { secret } } });
    return context.io.note('Posts are signed with the new secret from now on.');
  }
  try {
    await client.create(Secret, {
      metadata: {
        ...ref,
        labels: { [labels.managedBy]: 'kf' },
        ...(owner === undefined ? {} : { ownerReferences: [owner] }),
      },
      type: 'Opaque',
      stringData: { secret },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return ensureSecret(context, session, request);
  }
  if (chosen === undefined) await context.io.out(`Signing secret, shown this once: ${secret}\n`);
}

export async function removeSecret({ client, space }: Session, name: string): Promise<void> {
  await client.delete(Secret, { namespace: space, name }).catch((error) => {
    if (!isNotFound(error)) throw error;
  });
}
