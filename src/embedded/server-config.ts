/** Reads the administrator's file anew each time, so that a change of what is read again needs no restart. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoring } from '../resources/errors.ts';
import { readServerConfig } from '../resources/server-config/read.ts';
import { type ServerConfig, serverConfigFile } from '../resources/server-config/settings.ts';

/** @throws Error naming the file, the line and what is wrong with it */
export async function loadServerConfig(dataDir: string, env: NodeJS.ProcessEnv = process.env): Promise<ServerConfig> {
  const file = join(dataDir, serverConfigFile);
  const text = await readFile(file, 'utf8').catch(ignoring('ENOENT'));
  return readServerConfig(text ?? '', { file, env });
}
