/** `config.yaml` in the server's data directory, changed so that comments and what else stands there stay. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Document, isMap, parseDocument } from 'yaml';
import { writeDurably } from '../../files/durable.ts';
import { errorCode, errorMessage } from '../../resources/errors.ts';
import { readSettings, type SetValue } from '../../resources/server-config/read.ts';
import { type SettingName, serverConfigFile } from '../../resources/server-config/settings.ts';
import { CliError } from '../errors.ts';

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  /** What it sets. */
  readonly values: ReadonlyMap<SettingName, SetValue>;
}

/** @throws CliError naming the line of what is wrong with it */
export function readConfigFile(home: string): ConfigFile {
  const path = join(home, serverConfigFile);
  try {
    const text = textOf(path);
    return { path, text, values: readSettings(text, path) };
  } catch (error) {
    const code = errorCode(error);
    throw new CliError(
      permissionOr(error, code === undefined ? errorMessage(error) : `${path}: ${errorMessage(error)}`),
    );
  }
}

/** @param value as it is to stand in the file; undefined takes the setting out. @throws CliError */
export async function writeSetting(home: string, name: SettingName, value: unknown): Promise<void> {
  const { path, text } = readConfigFile(home);
  const keys = name.split('.');
  const parsed = parseDocument(text);
  const document: Document = isMap(parsed.contents) ? parsed : new Document({});
  if (!isMap(parsed.contents)) document.commentBefore = parsed.commentBefore ?? parsed.comment;
  if (value === undefined) remove(document, keys);
  else {
    // A map that is there without a value is none.
    for (let depth = 1; depth < keys.length; depth++)
      if (!isMap(document.getIn(keys.slice(0, depth)))) document.setIn(keys.slice(0, depth), document.createNode({}));
    document.setIn(keys, value);
  }
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    await writeDurably(path, textFor(document), 0o600);
  } catch (error) {
    throw new CliError(permissionOr(error, `${path}: ${errorMessage(error)}`));
  }
}

/** Without settings only comments: behind `{}` nobody could write another one. */
function textFor(document: Document): string {
  if (!isMap(document.contents) || document.contents.items.length > 0) return document.toString();
  const comments = [
    document.commentBefore,
    document.contents.commentBefore,
    document.contents.comment,
    document.comment,
  ];
  return comments.map((one) => (one ? `${one.replace(/^/gm, '#')}\n` : '')).join('');
}

/** A map that has become empty goes too. */
function remove(document: Document, keys: readonly string[]): void {
  document.deleteIn(keys);
  const parent = keys.slice(0, -1);
  const map = parent.length === 0 ? undefined : document.getIn(parent);
  if (isMap(map) && map.items.length === 0) remove(document, parent);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

const permissionOr = (error: unknown, message: string): string =>
  ['EACCES', 'EPERM'].includes(errorCode(error) ?? '') ? `${message}; the server belongs to root: use sudo` : message;
