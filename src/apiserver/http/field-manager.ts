/** By what name a request manages the fields that it writes. */

import type { FieldError } from '../../resources/field-error.ts';
import { invalidObject } from '../../resources/status.ts';
import type { Exchange } from './exchange.ts';
import { flag } from './request-info.ts';

/** Bytes of a name. */
const longest = 128;

const isPrintable = (text: string): boolean => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

/** The name that the client gives itself, else what his program's calls itself before the first slash. */
export function fieldManagerOf({ req, info }: Exchange): string {
  const given = info.query.get('fieldManager');
  if (given) {
    refuse('WriteOptions', nameErrors(given));
    return given;
  }
  const program = (req.headers['user-agent'] ?? '').split('/', 1)[0]!.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '');
  return Buffer.from(program).subarray(0, longest).toString() || 'unknown';
}

/** @param isApply of server-side apply, which asks for a name, and may take what others manage */
export function checkPatchOptions({ info: { query } }: Exchange, isApply: boolean): void {
  const name = query.get('fieldManager') ?? '';
  const required: FieldError = {
    field: 'fieldManager',
    reason: 'FieldValueRequired',
    message: 'Required value: is required for apply patch',
  };
  const forbidden: FieldError = {
    field: 'force',
    reason: 'FieldValueForbidden',
    message: 'Forbidden: may not be specified for non-apply patch',
  };
  refuse('PatchOptions', [
    ...(isApply && name === '' ? [required] : []),
    ...(!isApply && query.has('force') ? [forbidden] : []),
    ...nameErrors(name),
  ]);
}

export const isForced = ({ info: { query } }: Exchange): boolean => flag(query, 'force');

const nameErrors = (name: string): readonly FieldError[] => [
  ...(Buffer.byteLength(name) > longest ? [error(`Too long: may not be more than ${longest} bytes`)] : []),
  ...(isPrintable(name)
    ? []
    : [error(`Invalid value: ${JSON.stringify(name)}: should only contain printable characters`)]),
];

const error = (message: string): FieldError => ({ field: 'fieldManager', reason: 'FieldValueInvalid', message });

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind, plural: '' }, '', errors);
}
