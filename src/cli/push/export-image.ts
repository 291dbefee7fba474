/** Takes an image out of the storage of the user's own Podman or Buildah, as the user who pushes. */

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../errors.ts';

/** Each writes an OCI archive; the first one that is there is taken. */
const exporters = [
  (image: string, file: string) => ['podman', 'image', 'save', '--quiet', '--format', 'oci-archive', '-o', file, image],
  (image: string, file: string) => ['skopeo', 'copy', '--quiet', `containers-storage:${image}`, `oci-archive:${file}`],
] as const;

/** @throws CliError when it is not there, or nothing can take it out */
export async function exportImage(image: string): Promise<{ readonly path: string; remove(): void }> {
  // An image may be larger than the memory that /tmp often lies in.
  const folder = await mkdtemp(join(process.env.TMPDIR || '/var/tmp', 'kf-image-'));
  // At once: the process may be about to end.
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, 'image.tar');
  try {
    for (const words of exporters) {
      const [program, ...args] = words(image, path);
      const said = await run(program!, args);
      if (said === undefined) return { path, remove };
      if (said !== missing) throw new CliError(`containers-storage:${image}: ${said}`);
    }
    throw new CliError('containers-storage: needs podman or skopeo; install with: sudo apt-get install skopeo');
  } catch (error) {
    remove();
    throw error;
  }
}

const missing = Symbol('not installed');

/** Undefined when it did well, else what it says. */
function run(program: string, args: readonly string[]): Promise<string | typeof missing | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? missing : error.message));
    child.on('close', (code) => resolve(code === 0 ? undefined : wordsOf(said) || `code ${code}`));
  });
}

/** The last line, without the frame of a log. */
function wordsOf(said: string): string {
  const line = said.trim().split('\n').at(-1) ?? '';
  const quoted = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return quoted === undefined ? line : (JSON.parse(quoted) as string);
}
