/** Pushes of an App of 1,000 files without dependencies: the first one, and one of unchanged source. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row } from '../support/row.ts';
import { BenchServer } from '../support/server.ts';
import { median, spread } from '../support/statistics.ts';
import type { Workspace } from '../support/workspace.ts';

const files = 1000;
const fileBytes = 2000;

export const push: Row = {
  name: 'push',
  what: '`kf push --task` of 1,000 files without dependencies, whole commands',
  async run({ workspace, quick }) {
    const server = await BenchServer.start(workspace);
    const [first, unchanged]: [number[], number[]] = [[], []];
    try {
      for (let app = -1; app < (quick ? 3 : 6); app++) {
        const args = ['push', `app${app + 1}`, '--task', '-p', await source(workspace), '-c', 'true'];
        const pushed = await server.kf(...args);
        for (let again = 0; again < 3; again++) {
          const { milliseconds } = await server.kf(...args);
          if (app >= 0) unchanged.push(milliseconds);
        }
        if (app >= 0) first.push(pushed.milliseconds);
      }
    } finally {
      await server.stop();
    }
    return [
      {
        what: 'push of unchanged source, 1,000 files',
        value: median(unchanged) / 1000,
        unit: 's',
        target: { most: 0.5 },
        details: [`${spread(unchanged, 0)} ms`],
        cause: 'starting Node.js, reading and hashing every file, three requests',
      },
      {
        what: 'first push, 1,000 files, no dependencies',
        value: median(first) / 1000,
        unit: 's',
        target: { most: 1.5 },
        details: [`${spread(first, 0)} ms`],
        cause: 'packing and uploading, unpacking on the server, the layer',
      },
    ];
  },
};

/** Files that no other source has, so that no layer can be shared. */
async function source(workspace: Workspace): Promise<string> {
  const folder = await workspace.make('source');
  for (let index = 0; index < files; index++) {
    const part = join(folder, `part-${index % 25}`);
    if (index < 25) await mkdir(part);
    await writeFile(join(part, `file-${index}.txt`), randomBytes(fileBytes / 2).toString('hex'));
  }
  return folder;
}
