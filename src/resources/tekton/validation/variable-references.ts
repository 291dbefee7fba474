/** Which variables a text refers to, and whether it may. A prefix is the source of a regular expression. */

import { type Complaints, generic, quoted } from './complaint.ts';

const patterns = new Map<string, RegExp>();

/** `$(PREFIX.name)`, `$(PREFIX["name"])`, `$(PREFIX['name'])`; a name may end in `[*]`. */
function patternOf(prefix: string): RegExp {
  let pattern = patterns.get(prefix);
  if (pattern === undefined) {
    const name = '(.*?(?:\\[\\*\\])?)';
    pattern = new RegExp(`\\$\\(${prefix}(?:\\.${name}|\\["${name}"\\]|\\['${name}'\\])\\)`, 'g');
    if (patterns.size < 1000) patterns.set(prefix, pattern);
  }
  return pattern;
}

/** A name as part of a prefix. */
export const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

interface Reference {
  /** The whole of it, `$(…)`. */
  readonly expression: string;
  /** What stands after the prefix: `name`, `object.key`, `list[*]`, `list[0]`. */
  readonly name: string;
  readonly dotted: boolean;
}

export function referencesIn(text: string | undefined, prefix: string): readonly Reference[] {
  if (text === undefined || !text.includes('$(')) return [];
  return [...text.matchAll(patternOf(prefix))].map(([expression, dotted, double, single]) => ({
    expression,
    name: dotted ?? double ?? single ?? '',
    dotted: dotted !== undefined,
  }));
}

/** The variables that are referred to, without keys of objects; complains where a name has too many parts. */
function variablesIn(text: string, prefix: string): { readonly names: readonly string[]; readonly fault?: string } {
  const names: string[] = [];
  for (const { name, dotted } of referencesIn(text, prefix)) {
    const parts = dotted ? name.split('.') : [name];
    if (parts.length > 2)
      return {
        names,
        fault: `Invalid referencing of parameters in "${text}"! Only two dot-separated components after the prefix "${prefix}" are allowed.`,
      };
    names.push(parts[0] ?? '');
  }
  return { names };
}

type Rule = (text: string | undefined, prefix: string, variables: ReadonlySet<string>) => Complaints;

const ruleOf =
  (broken: (name: string, variables: ReadonlySet<string>) => boolean, message: (text: string) => string): Rule =>
  (text, prefix, variables) => {
    if (text === undefined || !text.includes('$(')) return [];
    const { names, fault } = variablesIn(text, prefix);
    if (fault !== undefined) return [generic(fault, '')];
    return names.some((name) => broken(name, variables)) ? [generic(message(text), '')] : [];
  };

const withoutIndex = (name: string): string => name.replace(/\[\d*\*?\]/g, '');
const withoutStar = (name: string): string => name.replace(/\[\*\]$/, '');

/** Only known variables are referred to. */
export const onlyKnown = ruleOf(
  (name, known) => !known.has(withoutIndex(name)),
  (text) => `non-existent variable in ${quoted(text)}`,
);

/** None of the variables is referred to, except by an index. */
export const noneOf = ruleOf(
  (name, variables) => variables.has(withoutStar(name)),
  (text) => `variable type invalid in ${quoted(text)}`,
);

/** None of the variables is referred to as a whole; their keys may be. */
export const noneAsWhole: Rule = (text, prefix, variables) =>
  referencesIn(text, prefix).some(({ name }) => variables.has(withoutStar(name)))
    ? [generic(`variable type invalid in ${quoted(text ?? '')}`, '')]
    : [];

/** Where one of the variables is referred to, nothing stands beside the reference. */
export const isolated: Rule = (text, prefix, variables) => {
  if (text === undefined || !text.includes('$(')) return [];
  const { names, fault } = variablesIn(text, prefix);
  if (fault !== undefined) return [generic(fault, '')];
  const alone = referencesIn(text, prefix)[0]?.expression === text;
  return !alone && names.some((name) => variables.has(withoutStar(name)))
    ? [generic(`variable is not properly isolated in ${quoted(text)}`, '')]
    : [];
};

/** Whether a text is a reference to the whole of a list or an object and nothing else. */
export function isWholeReference(text: string, prefix: string): boolean {
  const [reference] = referencesIn(text, prefix);
  return reference?.expression === text && /^[_a-zA-Z0-9.-]+\[\*\]$/.test(reference.name);
}

/** Every `$(…)` of a text without its brackets, as Tekton finds results in it. */
export function expressionsIn(text: string | undefined): readonly string[] {
  if (text === undefined || !text.includes('$(')) return [];
  const found = text.match(/\$\([_a-zA-Z0-9.-]+(\.[_a-zA-Z0-9.-]+)*(\[([0-9]+|\*)\])?\)/g) ?? [];
  return found.map((expression) => expression.slice(2, -1));
}
