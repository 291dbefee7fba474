/** Packs a source and says what is in the package, and what is not. */

import { formatBytes } from '../../resources/quantity.ts';
import type { Io } from '../io.ts';
import { digestOf, type SourceDigest } from './archive.ts';
import { type SourceTree, walkSource } from './source-tree.ts';

export interface SourcePackageContent extends SourceDigest {
  readonly tree: SourceTree;
}

/** Bytes above which a push is worth a warning. */
const large = 100 * 2 ** 20;

/** @throws CliError */
export async function packSource(folder: string): Promise<SourcePackageContent> {
  const tree = walkSource(folder);
  return { tree, ...(await digestOf(tree)) };
}

export function reportSource(io: Io, { tree }: SourcePackageContent): void {
  const files = tree.files === 1 ? '1 file' : `${tree.files} files`;
  io.note(`[source upload] Directory ${tree.root}: ${files}, ${formatBytes(tree.size)}`);
  if (tree.ignored.length > 0) io.note(`[source upload] Left out: ${few(tree.ignored)}`);
  for (const line of warningsOf(tree)) io.note(`WARN ${line}`);
}

const few = (names: readonly string[], most = 8): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

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
