/** `~/.kf`: Kf's own YAML file (`space`), plus what we remember per server. Keys of others are kept. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { errorMessage } from '../../resources/errors.ts';
import { CliError } from '../errors.ts';

/** A server that `kf target --context` saved. */
export interface SavedServer {
  readonly kubeconfig: string;
  readonly context: string;
}

export interface Settings {
  /** Kf's field: the Space on clusters. */
  readonly space?: string;
  /** Absent: the embedded server. */
  readonly server?: SavedServer;
  /** The targeted Space per server, by `serverKey`. */
  readonly spaces?: Readonly<Record<string, string>>;
}

export const defaultSettingsFile = (env: NodeJS.ProcessEnv): string => join(homeOf(env), '.kf');

/** The home folder of the user; services of systemd have no HOME. */
export function homeOf(env: NodeJS.ProcessEnv): string {
  if (env.HOME) return env.HOME;
  try {
    return userInfo().homedir;
  } catch {
    // A user ID without a name.
    return '/';
  }
}

/** No file means no settings. @throws CliError when the file cannot be read */
export async function readSettings(path: string): Promise<Settings> {
  const content = read(path);
  if (content.trim() === '') return {};
  const yaml = await import('yaml');
  let found: unknown;
  try {
    found = yaml.parse(content);
  } catch (error) {
    throw new CliError(`${path}: ${errorMessage(error)}`);
  }
  if (typeof found !== 'object' || found === null) throw new CliError(`${path}: this is no settings file of kf`);
  const { space, server, spaces } = found as Record<string, unknown>;
  return {
    ...(typeof space === 'string' && space !== '' ? { space } : {}),
    ...(isSavedServer(server) ? { server } : {}),
    ...(typeof spaces === 'object' && spaces !== null ? { spaces: spaces as Record<string, string> } : {}),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw new CliError(`cannot read the settings: ${message}`);
  }
}

const isSavedServer = (value: unknown): value is SavedServer => {
  const { kubeconfig, context } = (value ?? {}) as Record<string, unknown>;
  return typeof kubeconfig === 'string' && typeof context === 'string';
};

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Changes the given fields (undefined removes one) and leaves the rest of the file, comments too, as it is. */
export async function writeSettings(path: string, changes: { [K in keyof Settings]: Settings[K] }): Promise<void> {
  const yaml = await import('yaml');
  const content = readIfThere(path);
  const parsed = yaml.parseDocument(content);
  const document = yaml.isMap(parsed.contents) ? parsed : new yaml.Document({});
  for (const [key, value] of Object.entries(changes))
    if (value === undefined) document.delete(key);
    else document.set(key, document.createNode(value));
  const text = document.toString();
  const part = `${path}.${process.pid}.new`;
  try {
    writeFileSync(part, text, { mode: 0o664 });
    renameSync(part, path);
  } catch (error) {
    throw new CliError(`cannot write the settings: ${errorMessage(error)}`);
  }
}
