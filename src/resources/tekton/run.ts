/** What TaskRun and PipelineRun share: names, columns, the label at creation, and the rules of their spec. */

import { isFinal } from '../condition.ts';
import { parseDuration } from '../duration.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import { jsonEqual } from '../json.ts';
import type { PrinterColumn } from '../kind.ts';
import { labels } from '../labels.ts';
import type { KubeObject } from '../meta.ts';

const columns: readonly PrinterColumn[] = [
  { name: 'Succeeded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
  { name: 'StartTime', type: 'date', jsonPath: '.status.startTime' },
  { name: 'CompletionTime', type: 'date', jsonPath: '.status.completionTime' },
];

/** What all kinds of the group share. */
export const tektonDeclaration = {
  group: 'tekton.dev',
  version: 'v1',
  categories: ['tekton', 'tekton-pipelines'],
  anyCase: true,
} as const;

export const runDeclaration = {
  ...tektonDeclaration,
  columns,
  finished: isFinal,
  default: <T extends KubeObject>(run: T): T => ({
    ...run,
    metadata: { ...run.metadata, labels: { [labels.managedBy]: 'tekton-pipelines', ...run.metadata.labels } },
  }),
};

/** Exactly one of two ways to say what runs. */
export function exactlyOne(spec: object, reference: string, embedded: string): readonly FieldError[] {
  const given = [reference, embedded].filter((field) => field in spec);
  if (given.length === 1) return [];
  return given.length === 0
    ? [required('spec', `expected exactly one, got neither: ${reference}, ${embedded}`)]
    : [forbidden('spec', `expected exactly one, got both: ${reference}, ${embedded}`)];
}

export function statusErrors(status: string | undefined, allowed: readonly string[]): readonly FieldError[] {
  return status === undefined || status === '' || allowed.includes(status)
    ? []
    : [notSupported('spec.status', status, allowed)];
}

export function timeoutErrors(field: string, text: string | undefined): readonly FieldError[] {
  const timeout = parseDuration(text ?? '0s');
  return timeout === undefined || timeout < 0
    ? [invalid(field, text, 'must be a duration of 0 or more, like 1h30m')]
    : [];
}

/** After creation only the `mutable` fields of the spec may change. @param message Tekton's */
export function immutableErrors(
  spec: object,
  old: object | undefined,
  mutable: readonly string[],
  message: string,
): readonly FieldError[] {
  const fixed = (value: object): object =>
    Object.fromEntries(Object.entries(value).filter(([field]) => !mutable.includes(field)));
  return old === undefined || jsonEqual(fixed(spec), fixed(old)) ? [] : [forbidden('spec', message)];
}
