/** Rules of references to Tasks, Pipelines and StepActions. */

import type { Param } from '../param.ts';
import { type Complaints, invalidValue, missingField, multipleOneOf } from './complaint.ts';
import { givenParamsErrors } from './params.ts';

interface Reference {
  readonly name?: string | undefined;
  readonly resolver?: string | undefined;
  readonly params?: readonly Param[] | undefined;
}

/** A name that is a URL is the short form of a resolver's params. */
const isLikeUrl = (name: string): boolean => /[\w-]+:\/\/*/.test(name);

export function referenceErrors({ name = '', resolver = '', params = [] }: Reference): Complaints {
  const hasParams = params.length > 0;
  if (resolver !== '' || hasParams)
    return [
      ...(hasParams && name !== '' ? [multipleOneOf('name', 'params')] : []),
      ...(hasParams && resolver === '' ? [missingField('resolver')] : []),
      ...givenParamsErrors(params),
      ...(resolver !== '' && name !== '' && !isLikeUrl(name) ? [invalidValue('invalid URI for request', 'name')] : []),
    ];
  if (name === '') return [missingField('name')];
  if (isLikeUrl(name)) return [missingField('resolver')];
  const faults = qualifiedNameFaults(name);
  return faults.length === 0 ? [] : [invalidValue(faults.join(','), 'name')];
}

const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const prefixPart =
  "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const wholeForm =
  "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

/** Kubernetes' qualified name: a name of at most 63 characters, perhaps after a DNS subdomain and a slash. */
function qualifiedNameFaults(text: string): readonly string[] {
  const parts = text.split('/');
  if (parts.length > 2) return [wholeForm];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  return [
    ...(prefix === '' ? ['prefix part must be non-empty'] : []),
    ...(prefix && !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(prefix)
      ? [prefixPart]
      : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > 63 ? ['name part must be no more than 63 bytes'] : []),
    ...(/^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name) ? [] : [namePart]),
  ];
}
