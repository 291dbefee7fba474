/** Looking into layers as a container will see them, without mounting anything. */

import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** The kernel's own limit. */
const mostLinks = 40;
/** Bytes of a file that is read: nothing that is looked for is larger. */
const largestFile = 2 ** 20;

export class LayerStack {
  readonly #roots: readonly string[];
  readonly #opaqueIn: (layer: string) => ReadonlySet<string>;
  /** By layer; asked for where folders would be merged. */
  readonly #opaque = new Map<string, ReadonlySet<string>>();

  /**
   * @param layers folders rooted at `/`, topmost first
   * @param opaqueIn paths of those folders of a layer that hide what lies below them. Default: none
   */
  constructor(layers: readonly string[], opaqueIn: (layer: string) => ReadonlySet<string> = () => new Set()) {
    this.#roots = layers;
    this.#opaqueIn = opaqueIn;
  }

  /** Whether there is a file of this name, after all links. */
  hasFile(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /** Whether there is anything of this name: a folder, too. */
  hasFolder(path: string): boolean {
    return this.#walk(path.split('/'), [], mostLinks)?.folders !== undefined;
  }

  /** What is shown at a path whose folders are no links; of merged folders the topmost one. */
  stats(path: string): Stats | undefined {
    let folders = this.#roots;
    const names = path.split('/').filter((name) => name !== '');
    for (const [index, name] of names.entries()) {
      const found = topmost(folders, name, (folder) => this.#isOpaque(folder));
      if (found === undefined) return undefined;
      if (!('folders' in found)) return index === names.length - 1 ? found.stats : undefined;
      folders = found.folders;
    }
    return lstatSync(folders[0]!, { throwIfNoEntry: false });
  }

  /** Undefined when it is not there, or too large to be what its name says. */
  readText(path: string): string | undefined {
    const file = this.#find(path);
    return file === undefined || lstatSync(file).size > largestFile ? undefined : readFileSync(file, 'utf8');
  }

  #find(path: string): string | undefined {
    return this.#walk(path.split('/'), [], mostLinks)?.file;
  }

  /**
   * Walks by real folders of the layers only, so that no link in one of them leads out of it.
   * @param above the folders passed so far; the last is where the walk stands
   */
  #walk(names: readonly string[], above: readonly (readonly string[])[], links: number): Place | undefined {
    const here = above.at(-1) ?? this.#roots;
    const [name, ...rest] = names;
    if (name === undefined) return { folders: here };
    if (name === '' || name === '.') return this.#walk(rest, above, links);
    if (name === '..') return this.#walk(rest, above.slice(0, -1), links);
    const found = topmost(here, name, (path) => this.#isOpaque(path));
    if (found === undefined) return undefined;
    if ('folders' in found) return this.#walk(rest, [...above, found.folders], links);
    if (found.stats.isSymbolicLink()) {
      if (links === 0) return undefined;
      const target = readlinkSync(found.path);
      return this.#walk([...target.split('/'), ...rest], target.startsWith('/') ? [] : above, links - 1);
    }
    return found.stats.isFile() && rest.length === 0 ? { file: found.path } : undefined;
  }

  #isOpaque(path: string): boolean {
    const layer = this.#roots.find((root) => path.startsWith(`${root}/`));
    if (layer === undefined) return false;
    const known = this.#opaque.get(layer) ?? this.#opaqueIn(layer);
    this.#opaque.set(layer, known);
    return known.has(path.slice(layer.length));
  }
}

interface Place {
  readonly file?: string;
  readonly folders?: readonly string[];
}

/** What overlayfs shows of a name: the topmost file, or the folders that are merged. */
function topmost(
  folders: readonly string[],
  name: string,
  isOpaque: (path: string) => boolean,
): { readonly folders: readonly string[] } | { readonly path: string; readonly stats: Stats } | undefined {
  const merged: string[] = [];
  for (const folder of folders) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (stats.isDirectory()) {
      merged.push(path);
      if (folder !== folders.at(-1) && isOpaque(path)) break;
    } else if (merged.length > 0) break;
    // A character device 0/0 says that the name was removed.
    else return stats.isCharacterDevice() ? undefined : { path, stats };
  }
  return merged.length === 0 ? undefined : { folders: merged };
}
