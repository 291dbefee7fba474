/** One request on its way through the handlers. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest, invalidObject } from '../../resources/status.ts';
import type { ApiWriteOptions, Caller } from '../api.ts';
import { fieldManagerOf } from './field-manager.ts';
import type { RequestInfo } from './request-info.ts';
import { warningHeader } from './respond.ts';

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly info: RequestInfo;
  readonly caller: Caller;
  /** Fires when the client has gone or the server closes. */
  readonly signal: AbortSignal;
  /** The client asks to go on in another protocol. */
  readonly upgrade?: Upgrade;
}

export interface Upgrade {
  /** What came behind the request's headers already. */
  readonly head: Buffer;
  /** Takes the connection over; `res` answers nothing from now on. */
  readonly take: () => Duplex;
}

/** @throws StatusError Invalid for any other value than `All` */
export function isDryRun(values: readonly string[]): boolean {
  const wrong = values.find((value) => value !== 'All');
  if (wrong !== undefined)
    throw invalidObject({ group: 'meta.k8s.io', kind: 'WriteOptions', plural: '' }, '', [
      {
        field: 'dryRun',
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${JSON.stringify(wrong)}: supported values: "All"`,
      },
    ]);
  return values.length > 0;
}

/** Kubernetes' default, since 1.27, is to warn. */
function fieldValidationOf(query: URLSearchParams): 'Strict' | 'Warn' | 'Ignore' {
  const value = query.get('fieldValidation') || 'Warn';
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore') return value;
  throw badRequest(`fieldValidation: Unsupported value: "${value}": supported values: "Ignore", "Warn", "Strict"`);
}

/** What every write takes from its request. Warnings go into the answer's headers. */
export function writeOptionsOf(exchange: Exchange): ApiWriteOptions {
  const { res, caller } = exchange;
  const { query } = exchange.info;
  return {
    caller,
    dryRun: isDryRun(query.getAll('dryRun').filter((value) => value !== '')),
    fieldValidation: fieldValidationOf(query),
    fieldManager: fieldManagerOf(exchange),
    onWarning: (text) => res.appendHeader('Warning', warningHeader(text)),
  };
}
