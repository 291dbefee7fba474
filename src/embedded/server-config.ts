/** Reads the administrator's file anew each time, so that a change needs no restart. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readServerConfig, type ServerConfig, serverConfigFile } from '../resources/server-config.ts';

/** @throws Error naming the file and what is wrong with it */
export async function loadServerConfig(dataDir: string): Promise<ServerConfig> {
  const file = join(dataDir, serverConfigFile);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return readServerConfig(undefined);
    throw error;
  }
  return readServerConfig(parse(text));
}
