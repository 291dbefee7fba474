/**
 * Marks of logs that were removed while their owner is still there: a link that leads nowhere, `<owner uid>.removed`,
 * takes no room but its name, and says when.
 */

import { readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoring } from '../../resources/errors.ts';

const suffix = '.removed';

export const isMark = (name: string): boolean => name.endsWith(suffix);
/** The owner that a folder of logs, or a mark, belongs to. */
export const ownerOfName = (name: string): string => (isMark(name) ? name.slice(0, -suffix.length) : name);

const markOf = (directory: string, owner: string): string => join(directory, owner + suffix);

/** Idempotent: the first time counts. @param time RFC 3339 */
export async function markRemoved(directory: string, owner: string, time: string): Promise<void> {
  await symlink(time, markOf(directory, owner)).catch(ignoring('EEXIST'));
}

export async function unmark(directory: string, owner: string): Promise<void> {
  await unlink(markOf(directory, owner)).catch(ignoring('ENOENT'));
}

/** When the log was removed, RFC 3339; undefined when it was not. */
export async function removedAt(directory: string, owner: string): Promise<string | undefined> {
  return readlink(markOf(directory, owner)).catch(ignoring('ENOENT'));
}
