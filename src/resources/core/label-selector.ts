/** A selector of labels as objects carry it: `matchLabels` and `matchExpressions`. */

import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import * as s from '../schema.ts';
import { isQualifiedName, type Labels } from '../selector.ts';

export const labelSelectorSchema = s.atomic(
  s.object({
    matchLabels: s.optional(s.map(s.string())),
    matchExpressions: s.optional(
      s.array(
        s.object({
          key: s.string(),
          operator: s.enumeration('In', 'NotIn', 'Exists', 'DoesNotExist'),
          values: s.optional(s.array(s.string())),
        }),
      ),
    ),
  }),
);
export type LabelSelector = s.Infer<typeof labelSelectorSchema>;

/** Whether labels are selected; an empty selector selects all. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  if (Object.entries(matchLabels).some(([key, value]) => labels[key] !== value)) return false;
  return matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    return operator === 'In'
      ? value !== undefined && values.includes(value)
      : value === undefined || !values.includes(value);
  });
}

/** As Kubernetes shows a selector: `app=a,tier in (b,c),!d`, or `<none>`. */
export function formatSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return key;
      if (operator === 'DoesNotExist') return `!${key}`;
      return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
    }),
  ];
  return parts.length === 0 ? '<none>' : parts.sort().join(',');
}

export function selectorErrors(
  path: string,
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(matchLabels))
    if (!isQualifiedName(key)) errors.push(invalid(`${path}.matchLabels`, key, 'must be a label key'));
  for (const [index, { key, operator, values = [] }] of matchExpressions.entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    if (!isQualifiedName(key)) errors.push(invalid(`${at}.key`, key, 'must be a label key'));
    const takesValues = operator === 'In' || operator === 'NotIn';
    if (takesValues && values.length === 0)
      errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    if (!takesValues && values.length > 0)
      errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
  return errors;
}
