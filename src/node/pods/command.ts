/** The argv of a container, as Kubernetes combines it with the image's. Pure. */

import type { Container } from '../../resources/core/pod.ts';
import { ConfigError } from './config-error.ts';
import { expand } from './environment.ts';

export interface ImageCommand {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly hasShell: boolean;
}

const shells = new Set(['/bin/sh', '/usr/bin/sh', '/bin/bash', '/usr/bin/bash']);

/** @throws ConfigError when nothing says what to run */
export function commandOf(
  container: Container,
  image: ImageCommand,
  environment: ReadonlyMap<string, string>,
): readonly string[] {
  const own = (parts: readonly string[] | undefined): readonly string[] | undefined =>
    parts !== undefined && parts.length > 0 ? parts.map((part) => expand(part, environment)) : undefined;
  const command = own(container.command);
  const head = command ?? image.entrypoint;
  const tail = own(container.args) ?? (command === undefined ? image.cmd : []);
  const argv = [...head, ...tail];
  if (argv.length === 0) throw new ConfigError('no command specified');
  if (!image.hasShell || shells.has(argv[0]!)) return argv;
  // The init ends with 1 when a program is not there; the shell says so, with 127 or 126.
  return ['/bin/sh', '-c', 'exec "$@"', 'sh', ...argv];
}
