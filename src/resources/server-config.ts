/** `config.yaml` in the server's data directory: what its administrator decides, and no client of the API. Pure. */

export interface ServerConfig {
  /** Directories of the host that may become volumes, with all in them. */
  readonly hostPaths: readonly string[];
}

export const serverConfigFile = 'config.yaml';

/** @param value the parsed file; undefined or null when it is empty or absent. @throws Error naming the field */
export function readServerConfig(value: unknown): ServerConfig {
  if (value === undefined || value === null) return { hostPaths: [] };
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${serverConfigFile}: it must be a map`);
  const { hostPaths = [] } = value as { readonly hostPaths?: unknown };
  if (!Array.isArray(hostPaths) || hostPaths.some((path) => typeof path !== 'string' || !path.startsWith('/')))
    throw new Error(`${serverConfigFile}: hostPaths must be a list of absolute paths`);
  return { hostPaths: hostPaths as readonly string[] };
}
