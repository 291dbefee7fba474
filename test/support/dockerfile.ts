/** Sources with a Dockerfile, whose programs are this machine's busybox: no registry is needed. */

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kf } from './kf.ts';

/** Begins a Dockerfile with a shell and the usual programs. */
export const shellBase = `FROM scratch
COPY busybox /bin/busybox
COPY busybox /bin/sh
RUN ["/bin/busybox", "--install", "-s", "/bin"]
`;

/** A folder with a Dockerfile, the files, and busybox. */
export async function dockerSource(
  kf: Kf,
  name: string,
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await kf.source(name, { Dockerfile: dockerfile, ...files });
  await copyFile('/bin/busybox', join(folder, 'busybox'));
  return folder;
}
