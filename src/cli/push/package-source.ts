/** Packs a source and says what is in the package, and what is not. */

import { type Stats, statSync } from 'node:fs';
import { largestSourcePackage } from '../../resources/kf/source-package.ts';
import { formatBytes } from '../../resources/quantity.ts';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { unreadable } from '../unreadable.ts';
import { TransferProgress } from '../wait/transfer-progress.ts';
import { digestOf, type SourceDigest } from './archive.ts';
import { folderSource } from './folder-source.ts';
import type { SourceTree } from './source-tree.ts';
import { zipSource } from './zip-source.ts';

export interface SourcePackageContent extends SourceDigest {
  readonly tree: SourceTree;
}

type Watcher = ConstructorParameters<typeof TransferProgress>[0];

/** Bytes above which a push is worth a warning. */
const large = 100 * 2 ** 20;

/** A folder, or a zip archive. @throws CliError */
async function openSource(path: string): Promise<SourceTree> {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw new CliError(unreadable(`the source ${path}`, error));
  }
  if (stats.isDirectory()) return folderSource(path);
  if (stats.isFile()) return zipSource(path);
  throw new CliError(`${path} is neither a directory nor a zip archive`);
}

/** @param watcher is shown how far it is. @throws CliError */
export const packSource = async (path: string, watcher?: Watcher): Promise<SourcePackageContent> =>
  packTree(await openSource(path), watcher);

/** @throws CliError */
export async function packTree(tree: SourceTree, watcher?: Watcher): Promise<SourcePackageContent> {
  const progress = watcher && new TransferProgress(watcher, '[source upload] Reading the source:', tree.size);
  try {
    refuseTooLarge(tree, tree.size);
    const digest = await digestOf(tree, progress && ((chunks) => progress.count(chunks)));
    // Headers take room, too.
    refuseTooLarge(tree, digest.size);
    return { tree, ...digest };
  } catch (error) {
    tree.close();
    throw error;
  } finally {
    progress?.stop();
  }
}

function refuseTooLarge({ root }: SourceTree, size: number): void {
  if (size > largestSourcePackage)
    throw new CliError(
      `the source ${root} has ${formatBytes(size)}, more than ${formatBytes(largestSourcePackage)}; a .kfignore file says what is left out`,
    );
}

/** @param isImage whether all of it was meant */
export function reportSource(io: Io, { tree }: SourcePackageContent, isImage = false): void {
  const files = tree.files === 1 ? '1 file' : `${tree.files} files`;
  io.note(`[source upload] ${tree.what} ${tree.root}: ${files}, ${formatBytes(tree.size)}`);
  if (tree.ignored.length > 0) io.note(`[source upload] Left out: ${few(tree.ignored)}`);
  if (!isImage) for (const line of warningsOf(tree)) io.note(`WARN ${line}`);
}

const mostNames = 8;

const few = (names: readonly string[]): string =>
  names.length <= mostNames
    ? names.join(', ')
    : `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`;

/** What may not have been meant. */
export function warningsOf(tree: SourceTree): readonly string[] {
  const warnings: string[] = [];
  if (tree.skipped.length > 0) warnings.push(`FIFOs, sockets and devices are left out: ${few(tree.skipped)}`);
  if (tree.files === 0) warnings.push('the source has no files');
  if (tree.size > large)
    warnings.push(`the source has ${formatBytes(tree.size)}; a .kfignore file says what is left out`);
  for (const name of ['node_modules', '.git']) {
    const found = tree.entries.filter((entry) => entry.type === 'directory' && `/${entry.path}`.endsWith(`/${name}`));
    if (found.length > 0)
      warnings.push(`${few(found.map(({ path }) => path))} is uploaded; a line "${name}" in .kfignore leaves it out`);
  }
  return warnings;
}
