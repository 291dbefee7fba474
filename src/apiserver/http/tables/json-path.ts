/**
 * The JSONPath of printer columns: `.a.b`, `['a']`, `\.` within names, `[0]`, `[*]`, `[?(@.type=="Ready")]`.
 * @see https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */

import { isJsonObject } from '../../../resources/json.ts';

type Step = (values: readonly unknown[]) => readonly unknown[];

const field =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => (isJsonObject(value) && value[name] !== undefined ? [value[name]] : []));

const index =
  (position: number): Step =>
  (values) =>
    values.flatMap((value) => (Array.isArray(value) && value.at(position) !== undefined ? [value.at(position)] : []));

const all: Step = (values) =>
  values.flatMap((value) => (Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : []));

function filter(left: Step, operator: string, right: unknown): Step {
  const matches = (item: unknown): boolean => {
    const [value] = left([item]);
    if (operator === '') return value !== undefined;
    return operator === '==' ? value === right : value !== undefined && value !== right;
  };
  return (values) => values.flatMap((value) => (Array.isArray(value) ? value.filter(matches) : []));
}

function literal(text: string): unknown {
  const quoted = /^(?:"(.*)"|'(.*)')$/s.exec(text);
  if (quoted) return quoted[1] ?? quoted[2];
  return JSON.parse(text);
}

const pathToken = /\.((?:\\.|[^.[\\])+)|\[(-?\d+)\]|\[\*\]|\['([^']*)'\]|\["([^"]*)"\]|\[\?\((.*?)\)\]|\.?\*/y;
const condition = /^\s*@((?:\.(?:\\.|[^.[\\\s=!])+|\['[^']*'\])+)\s*(?:(==|!=)\s*(.+?)\s*)?$/s;

function parse(path: string): readonly Step[] {
  const steps: Step[] = [];
  for (let from = 0; from < path.length; ) {
    pathToken.lastIndex = from;
    const match = pathToken.exec(path);
    if (match !== null) from += match[0].length;
    if (match === null) throw new Error(`unsupported JSONPath at ${path.slice(from)}`);
    const [, name, position, single, double, predicate] = match;
    const quoted = single ?? double;
    if (name !== undefined) steps.push(name === '*' ? all : field(name.replace(/\\(.)/g, '$1')));
    else if (position !== undefined) steps.push(index(Number(position)));
    else if (quoted !== undefined) steps.push(field(quoted));
    else if (predicate !== undefined) steps.push(parseFilter(predicate));
    else steps.push(all);
  }
  return steps;
}

function parseFilter(text: string): Step {
  const match = condition.exec(text);
  if (match === null) throw new Error(`unsupported JSONPath filter ${text}`);
  const left = chain(parse(match[1]!));
  return filter(left, match[2] ?? '', match[3] === undefined ? undefined : literal(match[3]));
}

const chain =
  (steps: readonly Step[]): Step =>
  (values) =>
    steps.reduce((current, step) => step(current), values);

const compiled = new Map<string, Step>();

/** Everything that a path, relative to `object`, finds. @throws Error when the path is not understood */
export function findAll(path: string, object: unknown): readonly unknown[] {
  let step = compiled.get(path);
  if (step === undefined) {
    step = chain(parse(path.startsWith('.') || path.startsWith('[') ? path : `.${path}`));
    compiled.set(path, step);
  }
  return step([object]);
}
