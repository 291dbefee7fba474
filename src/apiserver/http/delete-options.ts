/** metav1.DeleteOptions, which come in the body, in the query, or not at all. */

import type { DeleteOptions } from '../../client/client.ts';
import { badRequest } from '../../resources/status.ts';
import { readValue } from './body.ts';
import { type Exchange, isDryRun } from './exchange.ts';

interface Body {
  readonly propagationPolicy?: unknown;
  readonly orphanDependents?: unknown;
  readonly gracePeriodSeconds?: unknown;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
}

type Propagation = NonNullable<DeleteOptions['propagationPolicy']>;
const propagations: readonly string[] = ['Background', 'Foreground', 'Orphan'] satisfies readonly Propagation[];

function propagationOf(policy: unknown, orphan: unknown): Propagation | undefined {
  if (policy === undefined || policy === null || policy === '') return orphan === true ? 'Orphan' : undefined;
  if (typeof policy === 'string' && propagations.includes(policy)) return policy as Propagation;
  throw badRequest(
    `propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan"`,
  );
}

function graceOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const seconds = Number(value);
  if (Number.isInteger(seconds) && seconds >= 0) return seconds;
  throw badRequest(`gracePeriodSeconds: Invalid value: ${JSON.stringify(value)}: must be a whole number of 0 or more`);
}

/** @throws StatusError BadRequest */
export async function deleteOptionsOf(exchange: Exchange): Promise<DeleteOptions & { readonly dryRun?: boolean }> {
  const { query } = exchange.info;
  const value = await readValue(exchange.req);
  if (value !== undefined && (typeof value !== 'object' || value === null))
    throw badRequest('the body of a delete must be DeleteOptions');
  const body = (value ?? {}) as Body;
  const { preconditions } = body;
  const dryRun = isDryRun([...(body.dryRun ?? []), ...query.getAll('dryRun').filter((text) => text !== '')]);
  return {
    propagationPolicy: propagationOf(body.propagationPolicy ?? query.get('propagationPolicy'), body.orphanDependents),
    gracePeriodSeconds: graceOf(body.gracePeriodSeconds ?? query.get('gracePeriodSeconds')),
    ...(preconditions === undefined || preconditions === null ? {} : { preconditions }),
    dryRun,
  };
}
