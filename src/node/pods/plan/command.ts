/** The argv of a container, as Kubernetes combines it with the image's. Pure. */

import type { Container } from '../../../resources/core/pod.ts';
import { ConfigError } from './config-error.ts';
import { checkLength, expand } from './environment.ts';

export interface ImageCommand {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly hasShell: boolean;
  readonly hasFile?: (path: string) => boolean;
}

const shells = new Set(['/bin/sh', '/usr/bin/sh', '/bin/bash', '/usr/bin/bash']);

export interface CommandRules {
  /** Puts in what only files tell. Default: words stay as they are. */
  readonly complete?: (words: readonly string[]) => readonly string[];
  /** args without command and ENTRYPOINT follow CMD. Default: they replace it, as in Kubernetes. */
  readonly appendToCmd?: boolean;
  /** Files that are put into the container beside the image's. */
  readonly madeFiles?: readonly string[];
  /** A script for /bin/sh that is run with the command as its words. */
  readonly around?: string;
}

/** @throws ConfigError when nothing says what to run */
export function commandOf(
  container: Container,
  image: ImageCommand,
  environment: ReadonlyMap<string, string>,
  { complete = (words) => words, appendToCmd = false, madeFiles = [], around }: CommandRules = {},
): readonly string[] {
  const own = (parts: readonly string[] | undefined): readonly string[] | undefined =>
    parts !== undefined && parts.length > 0 ? complete(parts.map((part) => expand(part, environment))) : undefined;
  const command = own(container.command);
  const args = own(container.args);
  const keepsCmd = args === undefined || (appendToCmd && image.entrypoint.length === 0);
  const cmd = command === undefined && keepsCmd ? image.cmd : [];
  const argv = [...(command ?? image.entrypoint), ...cmd, ...(args ?? [])];
  if (argv.length === 0) throw new ConfigError('no command specified');
  for (const [index, word] of argv.entries()) checkLength(word, `word ${index + 1} of the command`);
  if (around !== undefined) return wrapped(container, argv, image, around);
  if (!image.hasShell) return checked(container, argv, { ...image, madeFiles }, environment);
  if (shells.has(argv[0]!)) return argv;
  // The init ends with 1 when a program is not there; the shell says so, with 127 or 126.
  return ['/bin/sh', '-c', 'exec "$@"', 'sh', ...argv];
}

function wrapped(
  { image: name }: Container,
  argv: readonly string[],
  { hasShell, hasFile }: ImageCommand,
  around: string,
): readonly string[] {
  if (!hasShell && hasFile?.('/bin/sh') !== true)
    throw new ConfigError(`image ${name} has no shell (/bin/sh), so that nobody could look around in it`, 'NoShell');
  return ['/bin/sh', '-c', around, 'sh', ...argv];
}

/** Without a shell nothing says that a program is not there: the init would just end with 1. @throws ConfigError */
function checked(
  container: Container,
  argv: readonly string[],
  { hasFile, madeFiles }: ImageCommand & { readonly madeFiles: readonly string[] },
  environment: ReadonlyMap<string, string>,
): readonly string[] {
  const program = argv[0]!;
  if (hasFile === undefined) return argv;
  const folders = program.includes('/') ? [''] : (environment.get('PATH') ?? '').split(':').map((path) => `${path}/`);
  const places = folders.map((folder) => `${folder}${program}`);
  const mounts = (container.volumeMounts ?? []).map(({ mountPath }) => `${mountPath}/`);
  // What is relative to the working directory, or mounted, cannot be looked for.
  const mayBe = (path: string): boolean =>
    !path.startsWith('/') ||
    madeFiles.includes(path) ||
    mounts.some((mount) => path.startsWith(mount)) ||
    hasFile(path);
  if (places.some(mayBe)) return argv;
  if (program === '/bin/sh')
    throw new ConfigError(
      `image ${container.image} has no shell (/bin/sh) to run a command line with; give the exact words with --args`,
      'NoShell',
    );
  throw new ConfigError(`exec: ${JSON.stringify(program)}: executable file not found`, 'ContainerCannotRun');
}
