/** The log files of one owner, in the order in which their containers were started. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { creationTimeOf } from './compressed-log.ts';
import { compressedSuffix } from './open-log.ts';

export interface LogFile {
  /** For `openLog`: where it is, or was, when it is not compressed. */
  readonly path: string;
  readonly pod: string;
  readonly container: string;
}

export interface LogChoice {
  readonly pod?: string;
  readonly container?: string;
}

export const logSuffix = '.log';

export async function logFiles(directory: string, choice: LogChoice): Promise<readonly LogFile[]> {
  const pods = choice.pod === undefined ? await names(directory) : [choice.pod];
  const found: (LogFile & { readonly born: number })[] = [];
  for (const pod of pods)
    for (const name of logsAmong(await names(join(directory, pod)))) {
      const container = name.slice(0, -logSuffix.length);
      if (choice.container !== undefined && choice.container !== container) continue;
      const path = join(directory, pod, name);
      const born = await begun(path);
      if (born !== undefined) found.push({ path, pod, container, born });
    }
  return found.sort((a, b) => a.born - b.born);
}

/** Names of logs, whether or not they are compressed; of one that is just being compressed once. */
function logsAmong(files: readonly string[]): ReadonlySet<string> {
  const plain = files.map((name) =>
    name.endsWith(logSuffix + compressedSuffix) ? name.slice(0, -compressedSuffix.length) : name,
  );
  return new Set(plain.filter((name) => name.endsWith(logSuffix)));
}

async function begun(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.birthtimeMs ?? creationTimeOf(path + compressedSuffix);
}

export const names = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);
