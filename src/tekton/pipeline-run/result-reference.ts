/** References to what other tasks of a Pipeline have left: `$(tasks.T.results.R)` in all its forms. Pure. */

/** `$(tasks.T.results.R)`, `[i]`, `[*]`, `.key`; of `$(finally.T…)` in results of a Pipeline, too. */
export interface ResultReference {
  /** The variable as it is written, without `$(…)`. */
  readonly text: string;
  readonly task: string;
  readonly result: string;
  readonly index?: number;
  readonly key?: string;
}

const quoted = `\\["([^"]+)"\\]|\\['([^']+)'\\]`;
const form = new RegExp(
  `^(?:tasks|finally)\\.([^.[\\]]+)\\.results(?:\\.([^.[\\]]+)|${quoted})(?:\\[(\\d+|\\*)\\]|\\.([^.[\\]]+)|${quoted})?$`,
);

export function resultReference(text: string): ResultReference | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, task, plain, double, single, index, key, doubleKey, singleKey] = match;
  const property = key ?? doubleKey ?? singleKey;
  return {
    text,
    task: task!,
    result: (plain ?? double ?? single)!,
    ...(index === undefined || index === '*' ? {} : { index: Number(index) }),
    ...(property === undefined ? {} : { key: property }),
  };
}

const variable = /\$\(([^()]+)\)/g;

/** Every variable in the strings of a value, each once, without `$(…)`. */
export function variablesIn(value: unknown): readonly string[] {
  const found = new Set<string>();
  collect(value, found);
  return [...found];
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    if (value.includes('$(')) for (const [, name] of value.matchAll(variable)) found.add(name!);
  } else if (Array.isArray(value)) for (const item of value) collect(item, found);
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) collect(item, found);
}

export const resultReferencesIn = (value: unknown): readonly ResultReference[] =>
  variablesIn(value).flatMap((name) => resultReference(name) ?? []);

/** `tasks.T.matrix.R.length` and `tasks.T.outputs.A` are known only once T is over, too. */
const alsoWaited = /^tasks\.([^.[\]]+)\.(?:matrix\.[^.]+\.length|outputs(?:\.[^.]+)?|inputs(?:\.[^.]+)?)$/;

/** The tasks that must be over before what a task says can be read. */
export function orderingTasksIn(value: unknown): readonly string[] {
  const tasks = variablesIn(value).flatMap((name) => resultReference(name)?.task ?? alsoWaited.exec(name)?.[1] ?? []);
  return [...new Set(tasks)];
}
