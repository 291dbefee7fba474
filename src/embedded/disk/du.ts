/** Room that files take, measured by `du`: a folder of a hundred thousand logs would keep the server busy for seconds. */

import { longWork, type RunCommand } from '../../node/host/run-command.ts';

/** Prints what it could see of what comes and goes meanwhile. */
const script = 'du --block-size=1 --one-file-system "$@" 2>/dev/null || true';

/**
 * Bytes on the disk by path: holes take none, what has several names counts for the first, what is mounted below is not
 * looked into. A path that is not there is missing.
 */
export async function sizesOf(run: RunCommand, paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return paths.length === 0
    ? new Map()
    : parse(await run('sh', ['-c', script, 'du', '--summarize', '--', ...paths], { timeout: longWork }));
}

/** Of a folder and what is directly in it. */
export async function sizesIn(run: RunCommand, folder: string): Promise<ReadonlyMap<string, number>> {
  return parse(await run('sh', ['-c', script, 'du', '--max-depth=1', '--', folder], { timeout: longWork }));
}

function parse(text: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab > 0) sizes.set(line.slice(tab + 1), Number(line.slice(0, tab)));
  }
  return sizes;
}
