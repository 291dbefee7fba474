/** The refusal of an apply that would change what others manage, in the words that clients know. Pure. */

import { type StatusError, statusError } from '../../resources/status.ts';
import { type FieldSet, pathsOf, textOf } from './field-set.ts';
import type { ManagedFields, Manager } from './managers.ts';

export interface Conflict {
  readonly manager: ManagedFields;
  readonly fields: FieldSet;
}

export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const all = conflicts.flatMap(({ manager, fields }) =>
    pathsOf(fields).map((path) => ({ who: whoOf(manager), field: textOf(path) })),
  );
  const causes = all.map(({ who, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${who}`,
    field,
  }));
  return statusError('Conflict', messageOf(all), { causes });
}

function messageOf(all: readonly { readonly who: string; readonly field: string }[]): string {
  const [first] = all;
  if (all.length === 1) return `Apply failed with 1 conflict: conflict with ${first!.who}: ${first!.field}`;
  const whos = [...new Set(all.map(({ who }) => who))].sort();
  const lines = whos.flatMap((who) => [
    `conflicts with ${who}:`,
    ...all.filter((one) => one.who === who).map(({ field }) => `- ${field}`),
  ]);
  return `Apply failed with ${all.length} conflicts: ${lines.join('\n')}`;
}

function whoOf({ name, operation, apiVersion, subresource }: Manager): string {
  const who =
    JSON.stringify(name) + (subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}
