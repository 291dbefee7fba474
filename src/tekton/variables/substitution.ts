/** Tekton's variables: `$(params.x)`, `$(params.list[*])`, `$(context.taskRun.name)`, in texts, lists and whole specs. Pure. */

import type { ParamValue } from '../../resources/tekton/param.ts';

/** Variables by name without `$(…)`, e.g. `params.message`, `context.taskRun.name`. */
export type Variables = ReadonlyMap<string, ParamValue>;

/** The forms in which a param, result or artifact of `prefix` may be named: `x.NAME`, `x["NAME"]`, `x['NAME']`. */
export const formsOf = (prefix: string, name: string): readonly string[] => [
  `${prefix}.${name}`,
  `${prefix}["${name}"]`,
  `${prefix}['${name}']`,
];

/** Adds a param under every form in which it may be written, with the indexes of a list; keys of objects have but one form. */
export function setParam(variables: Map<string, ParamValue>, name: string, value: ParamValue): void {
  for (const form of [...formsOf('params', name), ...formsOf('inputs.params', name)]) {
    variables.set(form, value);
    if (Array.isArray(value)) {
      variables.set(`${form}[*]`, value);
      for (const [index, item] of value.entries()) variables.set(`${form}[${index}]`, item);
    } else if (typeof value === 'object') {
      variables.set(`${form}[*]`, value);
    }
  }
  if (typeof value === 'object' && !Array.isArray(value))
    for (const [key, item] of Object.entries(value)) variables.set(`params.${name}.${key}`, item);
}

const variable = /\$\(([^()]+)\)/g;

/** Names of the variables in a text, without `$(…)`. */
export const variablesIn = (text: string): readonly string[] =>
  text.includes('$(') ? [...text.matchAll(variable)].map(([, name]) => name!) : [];

/** Text with its string variables replaced; unknown ones stay as they are, as in Tekton. */
export function substituteText(text: string, variables: Variables): string {
  if (!text.includes('$(')) return text;
  return text.replace(variable, (whole, name: string) => {
    const value = variables.get(name);
    return typeof value === 'string' ? value : whole;
  });
}

/** A list in which an element that is just a list variable becomes that list's elements. */
export function substituteList(list: readonly string[], variables: Variables): readonly string[] {
  return list.flatMap((element) => {
    const value = wholeVariable(element, variables);
    return Array.isArray(value) ? (value as readonly string[]) : [substituteText(element, variables)];
  });
}

/** What a text stands for that is nothing but one variable. */
export function wholeVariable(text: string, variables: Variables): ParamValue | undefined {
  const alone = /^\$\(([^()]+)\)$/.exec(text);
  return alone === null ? undefined : variables.get(alone[1]!);
}

/** A param's value; one that is nothing but the variable of a list or an object becomes that list or object. */
export function substituteValue(value: ParamValue, variables: Variables): ParamValue {
  if (typeof value === 'string') {
    const whole = wholeVariable(value, variables);
    return whole === undefined || typeof whole === 'string' ? substituteText(value, variables) : whole;
  }
  if (Array.isArray(value)) return substituteList(value as readonly string[], variables);
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, substituteText(text, variables)]));
}

/**
 * Variables whose own values name others of `known`, filled in: Tekton replaces params first, so that what a param's value
 * names (`$(workspaces.source.path)`, `$(context.pipelineRun.name)`) is what it is where the param is used.
 */
export function filledIn(variables: Variables, known: Variables): Variables {
  const names = (value: ParamValue): boolean => JSON.stringify(value).includes('$(');
  if (![...variables.values()].some(names)) return variables;
  return new Map([...variables].map(([name, value]) => [name, substituteValue(value, known)]));
}

/** Every string in a value; an element of a list that is a list's variable becomes that list's elements. */
export function substituteDeep<T>(value: T, variables: Variables): T {
  return walk(value, variables) as T;
}

function walk(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return substituteText(value, variables);
  if (Array.isArray(value))
    return value.every((item) => typeof item === 'string')
      ? substituteList(value as readonly string[], variables)
      : value.map((item) => walk(item, variables));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, variables)]));
  return value;
}

/** Every string in a value, with its path: `steps[0].script`. */
export function textsIn(value: unknown, path = ''): readonly { readonly path: string; readonly text: string }[] {
  if (typeof value === 'string') return value.includes('$(') ? [{ path, text: value }] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, path === '' ? key : `${path}.${key}`));
}
