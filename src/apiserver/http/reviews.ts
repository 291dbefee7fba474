/** Create-only answers about the caller: who he is and what he may do. Whoever holds a token may do everything. */

import { badRequest } from '../../resources/status.ts';
import { readValue } from './body.ts';
import type { Exchange } from './exchange.ts';
import { methodNotAllowed, sendJson } from './respond.ts';

interface Review {
  readonly metadata?: object;
  readonly spec?: object;
}

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

function statusOf(kind: string, { caller: { user, groups } }: Exchange): object {
  if (kind === 'SelfSubjectAccessReview') return { allowed: true };
  if (kind === 'SelfSubjectRulesReview') return everything;
  return { userInfo: { username: user, groups } };
}

export async function serveReview(exchange: Exchange, kind: string, apiVersion: string): Promise<void> {
  if (exchange.req.method !== 'POST') throw methodNotAllowed();
  const body = ((await readValue(exchange.req)) ?? {}) as Review;
  if (typeof body !== 'object' || body === null) throw badRequest(`the body must be a ${kind}`);
  sendJson(exchange.res, 201, {
    kind,
    apiVersion,
    metadata: body.metadata ?? { creationTimestamp: null },
    spec: body.spec ?? {},
    status: statusOf(kind, exchange),
  });
}
