/** The log files of one owner, in the order in which their containers were started. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface LogFile {
  readonly path: string;
  readonly pod: string;
  readonly container: string;
}

export interface LogChoice {
  readonly pod?: string;
  readonly container?: string;
}

const suffix = '.log';

export async function logFiles(directory: string, choice: LogChoice): Promise<readonly LogFile[]> {
  const pods = choice.pod === undefined ? await names(directory) : [choice.pod];
  const found: (LogFile & { readonly born: number })[] = [];
  for (const pod of pods)
    for (const name of await names(join(directory, pod))) {
      const container = name.slice(0, -suffix.length);
      if (!name.endsWith(suffix) || (choice.container !== undefined && choice.container !== container)) continue;
      const path = join(directory, pod, name);
      const born = await stat(path).then(
        ({ birthtimeMs }) => birthtimeMs,
        () => undefined,
      );
      if (born !== undefined) found.push({ path, pod, container, born });
    }
  return found.sort((a, b) => a.born - b.born);
}

export const names = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);
