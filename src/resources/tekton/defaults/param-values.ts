/** Values of params as Tekton reads them: a string, a list or a map of strings; anything else becomes its JSON text. */

import { isJsonObject } from '../../json.ts';
import type { Param, ParamSpec, ParamValue, StepResult } from '../param.ts';

const isText = (value: unknown): boolean => typeof value === 'string' || value === null;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function paramValue(value: unknown): ParamValue {
  if (isText(value)) return text(value);
  if (Array.isArray(value) && value.every(isText)) return value.map(text);
  if (isJsonObject(value) && Object.values(value).every(isText))
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, text(member)]));
  return JSON.stringify(value) ?? '';
}

export const params = (given: readonly Param[] | undefined): readonly Param[] | undefined =>
  given?.map((param) => ({ ...param, value: paramValue(param.value) }));

/** The type is inferred from the properties, else from the default. */
export const paramSpecs = (specs: readonly ParamSpec[] | undefined): readonly ParamSpec[] | undefined =>
  specs?.map((spec) => {
    const value = spec.default === undefined ? undefined : paramValue(spec.default);
    return completed(
      { ...spec, ...(value === undefined ? {} : { default: value }) },
      spec.type || (spec.properties === undefined ? typeOf(value) : 'object'),
    );
  });

export const results = <T extends StepResult>(declared: readonly T[] | undefined): readonly T[] | undefined =>
  declared?.map((result) => completed(result, result.type || (result.properties === undefined ? 'string' : 'object')));

function typeOf(value: ParamValue | undefined): string {
  if (typeof value !== 'object') return 'string';
  return Array.isArray(value) ? 'array' : 'object';
}

const properties = (given: NonNullable<ParamSpec['properties']>): NonNullable<ParamSpec['properties']> =>
  Object.fromEntries(
    Object.entries(given).map(([key, property]) => [key, { ...property, type: property.type || 'string' }]),
  );

/** Without `properties` that say no key, as Go writes it. */
function completed<T extends Pick<ParamSpec, 'properties' | 'type'>>(declared: T, type: string): T {
  const { properties: given = {}, ...rest } = declared;
  return { ...rest, type, ...(Object.keys(given).length === 0 ? {} : { properties: properties(given) }) } as T;
}
