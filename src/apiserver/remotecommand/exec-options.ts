/** What `pods/exec` and `pods/attach` are asked for: the query, and which container it means. Pure. */

import type { Pod } from '../../resources/core/pod.ts';
import { podFinished } from '../../resources/core/pod.ts';
import { containersOf } from '../../resources/core/pod-containers.ts';
import { badRequest } from '../../resources/status.ts';
import { flag } from '../http/request-info.ts';
import type { StreamOptions } from './remote-streams.ts';

/** kubectl's; the API server takes it for whoever names none. */
const defaultContainer = 'kubectl.kubernetes.io/default-container';

/** @throws StatusError BadRequest */
export function streamOptionsOf(query: URLSearchParams): StreamOptions {
  const tty = flag(query, 'tty');
  const options = {
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    // A terminal has one output.
    stderr: flag(query, 'stderr') && !tty,
    tty,
  };
  if (!options.stdin && !options.stdout && !options.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return options;
}

/** @throws StatusError BadRequest */
export function commandOf(query: URLSearchParams): readonly string[] {
  const command = query.getAll('command');
  if (command.length === 0 || command[0] === '') throw badRequest('you must specify at least one command');
  if (command.some((word) => word.includes('\0'))) throw badRequest('command: Invalid value: a NUL ends a word');
  return command;
}

/** In Kubernetes' words. @throws StatusError BadRequest */
export function containerOf(pod: Pod, query: URLSearchParams): string {
  const { name, annotations } = pod.metadata;
  const names = containersOf(pod).map((container) => container.name);
  const wanted = query.get('container') || annotations?.[defaultContainer];
  const main = pod.spec.containers.map((container) => container.name);
  if (!wanted && main.length > 1)
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${main.join(' ')}]`);
  const container = wanted || main[0]!;
  if (!names.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`);
  return container;
}

/** @throws StatusError BadRequest for one that runs no more */
export function checkUnfinished(pod: Pod, verb: 'exec into' | 'attach to'): void {
  if (!podFinished(pod)) return;
  throw badRequest(`cannot ${verb} a container in a completed pod; current phase is ${pod.status?.phase}`);
}
