/** The values of declared params: given ones, defaults, defaults that refer to other params; and what is wrong with them. Pure. */

import type { Param, ParamSpec, ParamType, ParamValue } from '../../resources/tekton/param.ts';
import { formsOf, setParam, substituteValue, textsIn, variablesIn } from './substitution.ts';

export const typeOfValue = (value: ParamValue): ParamType =>
  typeof value === 'string' ? 'string' : Array.isArray(value) ? 'array' : 'object';

/** The declared type; default: what the default value or the properties say. */
export function typeOfSpec({ type, default: value, properties }: ParamSpec): ParamType {
  if (type === 'string' || type === 'array' || type === 'object') return type;
  if (value !== undefined) return typeOfValue(value);
  return properties === undefined ? 'string' : 'object';
}

/** Go prints lists and maps this way in Tekton's messages. */
export const goList = (items: readonly string[]): string => `[${items.join(' ')}]`;
export const goMap = (entries: ReadonlyMap<string, readonly string[]>): string =>
  `map[${[...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, items]) => `${key}:${goList(items)}`)
    .join(' ')}]`;

/** What is wrong with the values that were given, in Tekton's words; undefined when nothing is. */
export function problemOfParams(declared: readonly ParamSpec[], given: readonly Param[]): string | undefined {
  const names = new Set(given.map(({ name }) => name));
  const missing = declared.filter((spec) => spec.default === undefined && !names.has(spec.name));
  if (missing.length > 0)
    return `missing values for these params which have no default values: ${goList(missing.map(({ name }) => name))}`;
  const types = new Map(declared.map((spec) => [spec.name, typeOfSpec(spec)]));
  const wrong = given.filter(({ name, value }) => (types.get(name) ?? typeOfValue(value)) !== typeOfValue(value));
  if (wrong.length > 0)
    return `param types don't match the user-specified type: ${goList(wrong.map(({ name }) => name))}`;
  const keys = missingKeys(declared, given);
  return keys.size === 0
    ? undefined
    : `missing keys for these params which are required in ParamSpec's properties ${goMap(keys)}`;
}

/** Keys that objects lack, by param. */
export function missingKeys(
  declared: readonly ParamSpec[],
  given: readonly Param[],
): ReadonlyMap<string, readonly string[]> {
  const values = new Map(given.map(({ name, value }) => [name, value]));
  const missing = new Map<string, readonly string[]>();
  for (const { name, properties, default: fallback } of declared) {
    const sources = [fallback, values.get(name)].filter((source) => source !== undefined);
    if (properties === undefined || sources.length === 0) continue;
    const known = new Set(sources.flatMap((source) => (typeOfValue(source) === 'object' ? Object.keys(source) : [])));
    const lacks = Object.keys(properties).filter((key) => !known.has(key));
    if (lacks.length > 0) missing.set(name, lacks);
  }
  return missing;
}

/** A string that is none of those which its param allows, in Tekton's words. */
export function problemOfEnums(declared: readonly ParamSpec[], given: readonly Param[]): string | undefined {
  for (const { name, value } of given) {
    const allowed = declared.find((spec) => spec.name === name)?.enum ?? [];
    if (allowed.length > 0 && typeof value === 'string' && value !== '' && !allowed.includes(value))
      return `param \`${name}\` value: ${value} is not in the enum list`;
  }
  return undefined;
}

/**
 * Values by name: given ones, over objects' defaults key by key; defaults may refer to other params, in any order. A text
 * of which nothing can be filled in is none, as in Tekton: what names the param stays as it is written.
 */
export function valuesOfParams(
  declared: readonly ParamSpec[],
  given: readonly Param[],
): ReadonlyMap<string, ParamValue> {
  const values = new Map<string, ParamValue>();
  const open = new Set<string>();
  for (const { name, default: value } of declared)
    if (value !== undefined) {
      values.set(name, value);
      if (textsIn(value).length > 0) open.add(name);
    }
  for (const { name, value } of given) {
    const fallback = values.get(name);
    const partial = fallback !== undefined && typeOfValue(fallback) === 'object' && typeOfValue(value) === 'object';
    values.set(name, partial ? { ...(fallback as object), ...(value as object) } : value);
    // What is given is meant as it stands.
    if (!partial) open.delete(name);
  }
  // One after the other, each as soon as nothing that it refers to is open; what refers to itself stays as it is.
  for (let progress = true; progress && open.size > 0; ) {
    progress = false;
    for (const name of open) {
      const value = values.get(name)!;
      if (refersTo(value, open)) continue;
      values.set(name, substituteValue(value, variablesOfParams(values)));
      open.delete(name);
      progress = true;
    }
  }
  const isGiven = new Set(given.map(({ name }) => name));
  for (const { name, default: value } of declared)
    if (typeof value === 'string' && values.get(name) === value && !isGiven.has(name) && namesParam(value))
      values.delete(name);
  return values;
}

const namesParam = (text: string): boolean => variablesIn(text).some((name) => name.startsWith('params.'));

/** Whether a default refers to one of these params. */
function refersTo(value: ParamValue, names: ReadonlySet<string>): boolean {
  const forms = [...names].flatMap((name) => [...formsOf('params', name), ...formsOf('inputs.params', name)]);
  const used = textsIn(value).flatMap(({ text }) => variablesIn(text));
  return used.some((name) =>
    forms.some((form) => name === form || (name.startsWith(form) && /^[.[]/.test(name.slice(form.length)))),
  );
}

/** Why the defaults of strings cannot be worked out, in Tekton's words: one refers to itself, or to what is not there. */
export function problemOfDefaults(declared: readonly ParamSpec[], given: readonly Param[]): string | undefined {
  const known = variablesOfParams(new Map(given.map(({ name, value }) => [name, value])));
  const open = new Map<string, string>();
  for (const { name, default: value } of declared) {
    if (value === undefined || known.has(`params.${name}`)) continue;
    if (typeof value === 'string') open.set(`params.${name}`, value);
    else for (const [variable, part] of variablesOfParams(new Map([[name, value]]))) known.set(variable, part);
  }
  const problem = (variable: string, above: readonly string[]): string | undefined => {
    if (above.includes(variable)) return `circular dependency detected in param ${JSON.stringify(variable)}`;
    const used = variablesIn(open.get(variable)!).filter((name) => name.startsWith('params.') && !known.has(name));
    for (const name of used) {
      const found = open.has(name)
        ? problem(name, [...above, variable])
        : `param ${JSON.stringify(variable)} references undefined param ${JSON.stringify(name)}`;
      if (found !== undefined) return found;
    }
    known.set(variable, '');
    return undefined;
  };
  for (const variable of open.keys()) {
    const found = problem(variable, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function variablesOfParams(values: ReadonlyMap<string, ParamValue>): Map<string, ParamValue> {
  const variables = new Map<string, ParamValue>();
  for (const [name, value] of values) setParam(variables, name, value);
  return variables;
}

const reference = /^params(?:\.([^.[\]]+(?:\.[^.[\]]+)*)|\["([^"]+)"\]|\['([^']+)'\])(?:\[(\d+|\*)\])?/;

/** References to elements that lists do not have, as they are written: `$(params.list[7])`. */
export function indexesOutOfBounds(spec: unknown, values: ReadonlyMap<string, ParamValue>): readonly string[] {
  const wrong = new Set<string>();
  for (const { text } of textsIn(spec))
    for (const name of variablesIn(text)) {
      const [, dotted, double, single, index] = reference.exec(name) ?? [];
      const value = values.get(dotted ?? double ?? single ?? '');
      if (index === undefined || index === '*' || !Array.isArray(value)) continue;
      if (Number(index) >= value.length) wrong.add(`$(${name})`);
    }
  return [...wrong];
}
