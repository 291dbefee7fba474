/** Whether a value is a start order, field by field: a word that is misspelt must not be ignored. Pure. */

import { isJsonObject } from '../json.ts';

/** Undefined, or what is wrong, beginning with the place. */
type Check = (value: unknown, at: string) => string | undefined;

type Fields = Readonly<Record<string, Check>>;

const be =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, at) =>
    holds(value) ? undefined : `${at} must be ${what}`;

const text = be('a string', (value) => typeof value === 'string');
const flag = be('true or false', (value) => typeof value === 'boolean');
const integer = be('a whole number, 0 or more', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const seconds = be('a number above 0', (value) => typeof value === 'number' && value > 0 && Number.isFinite(value));
const mode = be('file permissions', (value) => Number.isInteger(value) && ((value as number) & ~0o777) === 0);
const oneOf = (...words: readonly string[]): Check =>
  be(`one of ${words.join(', ')}`, (value) => words.includes(value as string));

/** Nothing that leads out of itself, or names a folder. */
const path = be(
  "an absolute path without '.', '..' and empty parts",
  (value) =>
    typeof value === 'string' &&
    value.startsWith('/') &&
    !/[\0:]/.test(value) &&
    value
      .slice(1)
      .split('/')
      .every((part) => part !== '' && part !== '.' && part !== '..'),
);

const list =
  (item: Check): Check =>
  (value, at) =>
    Array.isArray(value)
      ? firstOf(value.map((entry, index) => item(entry, `${at}[${index}]`)))
      : `${at} must be a list`;

const map =
  (item: Check): Check =>
  (value, at) =>
    isJsonObject(value)
      ? firstOf(Object.entries(value).map(([key, entry]) => item(entry, `${at}[${JSON.stringify(key)}]`)))
      : `${at} must be an object`;

const object =
  (needed: Fields, optional: Fields = {}): Check =>
  (value, at) => {
    if (!isJsonObject(value)) return `${at} must be an object`;
    const unknown = Object.keys(value).find((key) => !(key in needed) && !(key in optional));
    if (unknown !== undefined) return `${at}: unknown field ${JSON.stringify(unknown)}`;
    const missing = Object.keys(needed).find((key) => value[key] === undefined);
    if (missing !== undefined) return `${at}.${missing} is missing`;
    return firstOf(
      Object.entries({ ...needed, ...optional }).map(([key, check]) =>
        value[key] === undefined ? undefined : check(value[key], `${at}.${key}`),
      ),
    );
  };

const firstOf = (problems: readonly (string | undefined)[]): string | undefined =>
  problems.find((problem) => problem !== undefined);

const condition: Check = (value, at) =>
  isJsonObject(value) && 'cel' in value
    ? object({ cel: text })(value, at)
    : object({ input: text, operator: oneOf('in', 'notin'), values: list(text) })(value, at);

const order = map(
  object(
    {},
    {
      after: text,
      afterReady: list(text),
      afterFailure: flag,
      ignoreFailure: flag,
      timeoutSeconds: seconds,
      sidecar: flag,
      files: list(object({ path, content: text }, { mode, expand: flag })),
      folders: list(path),
      links: map(text),
      homeFiles: path,
      values: map(object({ file: path }, { type: oneOf('string', 'array', 'object'), at: list(text) })),
      when: list(condition),
      returns: list(object({ file: path, key: text, type: integer })),
      resultBytes: integer,
      memoryBytes: integer,
      exitCodeFile: path,
      stdoutFile: path,
      stderrFile: path,
      appendToCmd: flag,
      around: text,
      timeoutFile: path,
    },
  ),
);

/** Undefined when the value is an order by container name. */
export const problemOf = (value: unknown): string | undefined => order(value, 'start order');
