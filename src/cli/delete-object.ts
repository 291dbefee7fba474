/** What every delete command does: say what goes, delete, wait until it is gone. */

import type { AnyKind } from '../client/client.ts';
import type { ObjectRef } from '../resources/meta.ts';
import type { Context, Session } from './context.ts';
import { observe } from './wait/observe.ts';

export interface DeleteFlags {
  readonly async?: boolean;
}

export interface DeleteRequest {
  readonly kind: AnyKind;
  readonly ref: ObjectRef;
  readonly async?: boolean;
}

export async function deleteAndWait(
  context: Context,
  { client }: Session,
  { kind, ref, async: isAsync }: DeleteRequest,
): Promise<void> {
  const { metadata } = await client.get(kind, ref);
  await client.delete(kind, ref, { propagationPolicy: 'Foreground' });
  if (isAsync) return;
  context.io.note('Waiting for deletion...');
  const progress = setInterval(() => context.io.note('Waiting for deletion...'), 30_000);
  try {
    for await (const object of observe(context, kind, ref))
      if (object === undefined || object.metadata.uid !== metadata.uid) return;
  } finally {
    clearInterval(progress);
  }
}

/** `1 Task`, `3 Tasks`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
