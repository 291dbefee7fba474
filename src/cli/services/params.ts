/** `-p` and `-c`: a JSON object, as it is or in a file. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseJsonObject } from '../../resources/json.ts';
import { CliError } from '../errors.ts';
import { whyUnreadable } from '../unreadable.ts';

export type Params = Readonly<Record<string, unknown>>;

/** What may be the key of a Secret, in which credentials are kept. */
const keyPattern = /^[-._a-zA-Z0-9]{1,253}$/;

/**
 * @param text a JSON object, or the path of a file that holds one
 * @throws CliError with Kf's words
 */
export function parseParams(cwd: string, flag: string, text: string | undefined): Params {
  if (text === undefined || text.trim() === '') return {};
  const json = text.trim().startsWith('{') ? text : readFile(cwd, flag, text);
  const value = parseJsonObject(json);
  // Of a file the content is not said: it holds credentials.
  if (value === undefined)
    throw new CliError(
      `${flag}: value must be a JSON map, got: ${json === text ? JSON.stringify(text) : `file ${text}`}`,
    );
  for (const key of Object.keys(value))
    if (!keyPattern.test(key))
      throw new CliError(`${flag}: the key ${JSON.stringify(key)} must be letters, digits, -, _ and ., at most 253`);
  return value;
}

function readFile(cwd: string, flag: string, path: string): string {
  try {
    return readFileSync(path === '/dev/stdin' ? 0 : resolve(cwd, path), 'utf8');
  } catch (error) {
    throw new CliError(
      `${flag}: ${JSON.stringify(path)} is no JSON map, and couldn't read file: ${whyUnreadable(error)}`,
    );
  }
}

/** Tags separated by commas or spaces. */
export const parseTags = (text: string | undefined): readonly string[] =>
  (text ?? '').split(/[\s,]+/).filter((tag) => tag !== '');
