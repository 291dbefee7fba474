/** The API's error answers: one table of reasons, and the exception that carries a `Status` body. */

import type { FieldError } from './field-error.ts';
import { groupResourceOf, type Kind } from './kind.ts';

/** HTTP code of each reason (Kubernetes apimachinery, metav1.StatusReason). */
export const statusCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Gone: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  NotImplemented: 501,
  InsufficientStorage: 507,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof statusCodes;

interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** A metav1.Status body. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly StatusCause[];
    readonly retryAfterSeconds?: number;
  };
  readonly code?: number;
}

/** An API call that failed; both implementations of Client throw it, with the same reasons. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  constructor(readonly status: Status) {
    super(status.message ?? status.reason ?? 'unknown error');
  }

  get reason(): StatusReason | undefined {
    return this.status.reason;
  }

  get code(): number {
    return this.status.code ?? 500;
  }
}

/** Builds the exception for a reason. `details.kind` is the plural resource, for Invalid the Kind. */
export function statusError(reason: StatusReason, message: string, details?: Status['details']): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code: statusCodes[reason],
  });
}

type AnyKind = Pick<Kind, 'group' | 'kind' | 'plural'>;
const details = (kind: AnyKind, name: string): Status['details'] => ({ name, group: kind.group, kind: kind.plural });
const quoted = (kind: AnyKind, name: string): string => `${groupResourceOf(kind as Kind)} "${name}"`;

export const notFound = (kind: AnyKind, name: string): StatusError =>
  statusError('NotFound', `${quoted(kind, name)} not found`, details(kind, name));

export const alreadyExists = (kind: AnyKind, name: string): StatusError =>
  statusError('AlreadyExists', `${quoted(kind, name)} already exists`, details(kind, name));

export const conflict = (kind: AnyKind, name: string): StatusError =>
  statusError(
    'Conflict',
    `Operation cannot be fulfilled on ${quoted(kind, name)}: the object has been modified; please apply your changes to the latest version and try again`,
    details(kind, name),
  );

export const expired = (revision: number, compacted: number): StatusError =>
  statusError('Expired', `too old resource version: ${revision} (${compacted})`);

export const badRequest = (message: string): StatusError => statusError('BadRequest', message);

export function invalidObject(kind: AnyKind, name: string, errors: readonly FieldError[]): StatusError {
  const lines = errors.map((error) => `${error.field}: ${error.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const resource = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return statusError('Invalid', `${resource} "${name}" is invalid: ${text}`, {
    name,
    group: kind.group,
    kind: kind.kind,
    causes: errors.map(({ field, reason, message }) => ({ field, reason, message })),
  });
}

const hasReason =
  (reason: StatusReason) =>
  (error: unknown): error is StatusError =>
    error instanceof StatusError && error.reason === reason;

export const isNotFound = hasReason('NotFound');
export const isAlreadyExists = hasReason('AlreadyExists');
export const isConflict = hasReason('Conflict');
export const isExpired = hasReason('Expired');
export const isGone = hasReason('Gone');
export const isInvalid = hasReason('Invalid');
export const isForbidden = hasReason('Forbidden');
