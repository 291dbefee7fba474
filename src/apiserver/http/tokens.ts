/** Bearer tokens: who is calling. */

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { statusError } from '../../resources/status.ts';
import type { Caller } from '../api.ts';

/** May act as anybody else, by impersonation headers. */
export const adminGroup = 'system:masters';

const digest = (token: string): string => createHash('sha256').update(token).digest('base64');

const digested = (tokens: ReadonlyMap<string, Caller>): ReadonlyMap<string, Caller> =>
  new Map([...tokens].map(([token, caller]) => [digest(token), caller]));

export class Tokens {
  /** By the token's hash: looking it up tells nothing about the token by the time that it takes. */
  private callers: ReadonlyMap<string, Caller>;
  private readonly lasting: ReadonlyMap<string, Caller>;

  constructor(tokens: ReadonlyMap<string, Caller>) {
    this.lasting = digested(tokens);
    this.callers = this.lasting;
  }

  /** Takes these, too, in place of those of the call before. */
  admit(tokens: ReadonlyMap<string, Caller>): void {
    this.callers = new Map([...digested(tokens), ...this.lasting]);
  }

  /** @throws StatusError Unauthorized, Forbidden (impersonation) */
  authenticate(req: IncomingMessage): Caller {
    const [, token] = /^Bearer (\S+)$/i.exec(req.headers.authorization ?? '') ?? [];
    const caller = token === undefined ? undefined : this.callers.get(digest(token));
    if (caller === undefined) throw statusError('Unauthorized', 'Unauthorized');
    return impersonated(req, caller);
  }
}

function impersonated(req: IncomingMessage, caller: Caller): Caller {
  const user = req.headersDistinct['impersonate-user']?.[0];
  if (user === undefined) return caller;
  if (!caller.groups.includes(adminGroup))
    throw statusError(
      'Forbidden',
      `users "${user}" is forbidden: User "${caller.user}" cannot impersonate resource "users" in API group "" at the cluster scope`,
      { name: user, kind: 'users' },
    );
  return { user, groups: [...(req.headersDistinct['impersonate-group'] ?? []), 'system:authenticated'] };
}
