/** What `$(NAME)` stands for where the start order takes values from files. Pure. */

import type { FileValue } from '../../../resources/core/start-order.ts';
import { jsonInOrder } from '../../../resources/json.ts';
import { ConfigError } from './config-error.ts';

type Json = unknown;

/** A file's content as far as it was asked for: a string, an array, or an object. */
export type KnownValue = string | readonly Json[] | Readonly<Record<string, Json>>;

export type KnownValues = ReadonlyMap<string, KnownValue>;

/** @param content undefined: the file is not there. @throws ConfigError */
export function valueIn(name: string, { file, type, at }: FileValue, content: string | undefined): KnownValue {
  if (content === undefined) throw failed(`$(${name}): ${file} does not exist`);
  if (type === 'string' && at === undefined) return content;
  const parsed = parse(content);
  const value = (at ?? []).reduce<Json>((inner, key) => child(inner, key), parsed ?? content);
  if (value === undefined) throw failed(`$(${name}): ${file} has nothing at ${at?.join('.')}`);
  const found = Array.isArray(value) ? 'array' : isMap(value) ? 'object' : 'string';
  if (type !== undefined && type !== 'string' && type !== found) throw failed(`$(${name}): ${file} holds no ${type}`);
  if (type === 'string' || found === 'string') return at === undefined ? content : textOf(value);
  return value as KnownValue;
}

const failed = (message: string): ConfigError => new ConfigError(message, 'Error');

/** Arrays and objects; anything else is a string, whatever JSON makes of it. */
function parse(content: string): Json {
  try {
    const value: Json = JSON.parse(content);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const isMap = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function child(value: Json, key: string): Json {
  if (isMap(value)) return Object.hasOwn(value, key) ? value[key] : undefined;
  if (!Array.isArray(value)) return undefined;
  return /^\d+$/.test(key) ? value[Number(key)] : value.find((entry) => isMap(entry) && entry.name === key);
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : jsonInOrder(value));

const reference = /\$\(([^()\s]+)\)/g;

/** One text; an array in it becomes its entries with blanks between. Names that are not known stay as they are. */
export const completeText = (text: string, known: KnownValues): string =>
  known.size === 0
    ? text
    : text.replace(reference, (whole, name: string) => {
        const found = resolve(name, known);
        if (found === undefined) return whole;
        return typeof found === 'string' ? found : found.join(' ');
      });

/** Words of a command line: one that is nothing but an array becomes so many. */
export const completeWords = (words: readonly string[], known: KnownValues): readonly string[] =>
  known.size === 0
    ? words
    : words.flatMap((word) => {
        const name = /^\$\(([^()\s]+\[\*\])\)$/.exec(word)?.[1];
        const found = name === undefined ? undefined : resolve(name, known);
        return found === undefined || typeof found === 'string' ? [completeText(word, known)] : found;
      });

/** @throws ConfigError for a part that is not there */
function resolve(name: string, known: KnownValues): string | readonly string[] | undefined {
  const whole = known.get(name);
  if (whole !== undefined) return textOf(whole);
  const [, base = '', index, key] = /^(.*?)(?:\[(\*|\d+)\]|\.([^.[\]]+))$/.exec(name) ?? [];
  const value = known.get(base);
  if (value === undefined) return undefined;
  if (index === '*' && Array.isArray(value)) return value.map(textOf);
  if (index === '*') return textOf(value);
  const part = child(value, (index ?? key)!);
  if (part === undefined) throw failed(`$(${name}): there is no such part`);
  return textOf(part);
}
