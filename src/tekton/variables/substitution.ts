/** Tekton's variables in a TaskSpec: `$(params.x)`, `$(params.list[*])`, `$(context.taskRun.name)`. Pure. */

import type { ParamValue, TaskSpec } from '../../resources/tekton/task-spec.ts';

/** Variables by name without `$(…)`, e.g. `params.message`, `context.taskRun.name`. */
export type Variables = ReadonlyMap<string, ParamValue>;

/** Adds a param under every form in which it may be written: `params.x`, `params["x"]`, `params['x']`, object keys and indexes. */
export function setParam(variables: Map<string, ParamValue>, name: string, value: ParamValue): void {
  for (const form of [`params.${name}`, `params["${name}"]`, `params['${name}']`, `inputs.params.${name}`]) {
    variables.set(form, value);
    if (Array.isArray(value)) {
      variables.set(`${form}[*]`, value);
      for (const [index, item] of value.entries()) variables.set(`${form}[${index}]`, item);
    } else if (typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) variables.set(`${form}.${key}`, item);
    }
  }
}

const variable = /\$\(([^()]+)\)/g;

/** Text with its string variables replaced; unknown ones stay as they are, as in Tekton. */
export function substituteText(text: string, variables: Variables): string {
  return text.replace(variable, (whole, name: string) => {
    const value = variables.get(name.trim());
    return typeof value === 'string' ? value : whole;
  });
}

/** A list in which an element that is just a list variable becomes that list's elements. */
export function substituteList(list: readonly string[], variables: Variables): readonly string[] {
  return list.flatMap((element) => {
    const alone = /^\$\(([^()]+)\)$/.exec(element);
    const value = alone === null ? undefined : variables.get(alone[1]!.trim());
    return Array.isArray(value) ? (value as readonly string[]) : [substituteText(element, variables)];
  });
}

/** Every string of a TaskSpec with its variables replaced. */
export function substituteTaskSpec(spec: TaskSpec, variables: Variables): TaskSpec {
  const { params: _declared, ...rest } = spec;
  return walk(rest, variables) as TaskSpec;
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
