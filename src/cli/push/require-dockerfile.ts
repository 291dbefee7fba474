/** Whether the Dockerfile that a push asks for is in what it uploads. Pure. */

import { posix } from 'node:path';
import { buildParams } from '../../resources/kf/build.ts';
import { CliError } from '../errors.ts';
import type { BuildRecipe } from './build-type.ts';
import type { SourceTree } from './source-tree.ts';

type Source = Pick<SourceTree, 'root' | 'entries' | 'ignored'>;

/** The server finds the same, but only when the App has been made and the source uploaded. @throws CliError in Kf's words */
export function requireDockerfile({ params = [] }: BuildRecipe, { root, entries, ignored }: Source): void {
  const given = params.find(({ name }) => name === buildParams.dockerfile)?.value;
  if (typeof given !== 'string') return;
  const path = posix.join('/', given).slice(1);
  const contains = (parent: string): boolean => path === parent || path.startsWith(`${parent}/`);
  // Where a link leads is the server's to say.
  if (entries.some((entry) => (entry.type === 'symlink' ? contains(entry.path) : isFile(entry, path)))) return;
  const rule = ignored.find((name) => contains(name.replace(/\/$/, '')));
  const why = rule === undefined ? '' : `: ${rule} is left out, by .kfignore, .cfignore or always`;
  throw new CliError(`the Dockerfile "${given}" couldn't be found under the app root ${root}${why}`);
}

const isFile = ({ type, path }: SourceTree['entries'][number], wanted: string): boolean =>
  type === 'file' && path === wanted;
