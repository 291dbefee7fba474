/** From the text of `config.yaml` and the environment to what holds; anything wrong is refused with its line. Pure. */

import { isMap, isScalar, LineCounter, type Node, type ParsedNode, parseDocument, type YAMLMap } from 'yaml';
import { errorMessage } from '../errors.ts';
import {
  isSettingName,
  type ServerConfig,
  type SettingName,
  serverConfigFile,
  settingNames,
  settingOf,
} from './settings.ts';

export interface ReadOptions {
  /** How the file is called in messages. Default: config.yaml */
  readonly file?: string;
  /** Variables of the server, which come before the file. Default: none */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** @param text of the file; empty when there is none. @throws Error naming file, line and what is wrong */
export function readServerConfig(text: string, { file = serverConfigFile, env = {} }: ReadOptions = {}): ServerConfig {
  const given = new Map([...readSettings(text, file)].map(([name, { value }]) => [name, value]));
  for (const name of settingNames) {
    const { env: variable, type } = settingOf(name);
    const value = variable === undefined ? undefined : env[variable];
    if (value !== undefined && value !== '') given.set(name, readValue(value, type, `${variable}=${value}`));
  }
  const pairs = settingNames.map((name) => [name, given.has(name) ? given.get(name) : settingOf(name).default]);
  return Object.fromEntries(pairs) as ServerConfig;
}

export interface SetValue {
  /** As it stands in the file. */
  readonly written: unknown;
  /** As it was understood: bytes, milliseconds … */
  readonly value: unknown;
}

/** What the file itself sets. @throws Error naming file, line and what is wrong */
export function readSettings(text: string, file: string = serverConfigFile): ReadonlyMap<SettingName, SetValue> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number): string => `${file}, line ${lines.linePos(offset).line}`;
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`${lineOf(error.pos[0])}: ${error.message}`);
  const found = new Map<SettingName, SetValue>();
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return found;
  if (!isMap(contents)) throw new Error(`${lineOf(contents.range[0])}: it must be a map of settings`);
  const where = (node: Node | null | undefined): string => lineOf(node?.range?.[0] ?? 0);
  for (const [name, key, value] of namedValues(contents, '', where)) {
    const written = (value as ParsedNode | null)?.toJS(document) as unknown;
    if (written === undefined || written === null) continue;
    found.set(name, { written, value: readValue(written, settingOf(name).type, `${where(key)}: ${name}`) });
  }
  return found;
}

type Located = readonly [name: SettingName, key: Node, value: Node | null];

function namedValues(map: YAMLMap, prefix: string, where: (node: Node) => string): readonly Located[] {
  return map.items.flatMap((pair): readonly Located[] => {
    const key = pair.key as Node;
    const value = pair.value as Node | null;
    const name = prefix + (isScalar(key) ? String(key.value) : '');
    if (isSettingName(name)) return [[name, key, value]];
    if (!settingNames.some((one) => one.startsWith(`${name}.`)))
      throw new Error(`${where(key)}: unknown setting ${JSON.stringify(name)}; there are: ${settingNames.join(', ')}`);
    if (value === null || (isScalar(value) && value.value === null)) return [];
    if (!isMap(value)) throw new Error(`${where(key)}: ${name} must be a map`);
    return namedValues(value, `${name}.`, where);
  });
}

function readValue<T>(value: unknown, type: { read(value: unknown): T }, what: string): T {
  try {
    return type.read(value);
  } catch (error) {
    throw new Error(`${what} ${errorMessage(error)}`);
  }
}
