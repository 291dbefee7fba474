/** `--docker-image`: an image of a registry, or one that lies on this machine and is uploaded. */

import { createReadStream, type Stats, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { errorMessage } from '../../resources/errors.ts';
import { parseImageReference } from '../../resources/image-reference.ts';
import { CliError } from '../errors.ts';
import { unreadable } from '../unreadable.ts';
import { exportImage } from './export-image.ts';
import { folderSource } from './folder-source.ts';
import { changedFile, type FileEntry, type SourceTree } from './source-tree.ts';

export type ImageSource =
  /** Pulled by the server. */
  | { readonly kind: 'registry'; readonly image: string; readonly username?: string }
  /** A file or folder of this machine; `name` is the image in it, where it has several. */
  | {
      readonly kind: 'file';
      readonly form: 'oci' | 'oci-archive' | 'docker-archive';
      readonly path: string;
      readonly name?: string;
    }
  /** An image in the storage of the user's own Podman or Buildah. */
  | { readonly kind: 'podman'; readonly image: string };

const others = /^(dir|docker-daemon|docker-archive|oci-archive|oci|containers-storage|sif|ostree|tarball):/;

/** @param folder that paths are relative to. @throws CliError */
export function imageSourceOf(text: string, folder: string, username?: string): ImageSource {
  const transport = others.exec(text)?.[1];
  const rest = transport === undefined ? text : text.slice(transport.length + 1);
  if (transport !== undefined && username !== undefined)
    throw new CliError('--docker-username is for registries: an image of this machine needs no password');
  switch (transport) {
    case undefined:
      try {
        parseImageReference(text);
      } catch (error) {
        throw new CliError(errorMessage(error));
      }
      return { kind: 'registry', image: text, ...(username === undefined ? {} : { username }) };
    case 'containers-storage':
      if (rest === '') throw new CliError(`${text} names no image`);
      return { kind: 'podman', image: rest };
    case 'oci':
    case 'oci-archive':
    case 'docker-archive': {
      const [, path = '', name] = /^([^:]*)(?::(.*))?$/.exec(rest) ?? [];
      if (path === '') throw new CliError(`${text} names no file`);
      if (name !== undefined && !/^[\w./:@-]+$/.test(name))
        throw new CliError(`${text}: ${JSON.stringify(name)} names no image`);
      const full = isAbsolute(path) ? path : resolve(folder, path);
      return { kind: 'file', form: transport, path: full, ...(name === undefined ? {} : { name }) };
    }
    case 'docker-daemon':
      throw new CliError(`${text}: save it first, then push the file`, {
        tips: [
          { description: 'Save it', command: `docker save -o image.tar ${rest}` },
          { description: 'Push it', command: 'kf push APP_NAME --task --docker-image docker-archive:image.tar' },
        ],
      });
    default:
      throw new CliError(
        `${transport}: images are not taken; there are oci:, oci-archive:, docker-archive:, containers-storage: and registries`,
      );
  }
}

/** An image as it is uploaded. */
export interface PackedImage {
  readonly tree: SourceTree;
  /** The parameter `IMAGE` of its Build: the form, and which image of it. */
  readonly form: string;
}

/** @throws CliError */
export async function openImage(source: Exclude<ImageSource, { kind: 'registry' }>): Promise<PackedImage> {
  if (source.kind === 'podman') {
    const { path, remove } = await exportImage(source.image);
    return { tree: { ...archiveTree(path), close: remove }, form: 'oci-archive' };
  }
  const { form, path, name } = source;
  const stats = statOf(path);
  const suffix = name === undefined ? '' : `:${name}`;
  if (form === 'oci') {
    if (!stats.isDirectory()) throw new CliError(`${path} is no folder: is it oci-archive:${path}?`);
    statOf(join(path, 'index.json'));
    return { tree: folderSource(path, () => false), form: `oci${suffix}` };
  }
  if (!stats.isFile()) throw new CliError(`${path} is no file${stats.isDirectory() ? `: is it oci:${path}?` : ''}`);
  return { tree: archiveTree(path), form: `${form}${suffix}` };
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw new CliError(unreadable(path, error));
  }
}

/** A package with nothing but the archive in it, under the name that the builder knows. */
function archiveTree(path: string): SourceTree {
  const { size } = statOf(path);
  const entry: FileEntry = { type: 'file', path: 'image.tar', size, executable: false };
  return {
    what: 'Archive',
    root: path,
    entries: [entry],
    files: 1,
    size,
    ignored: [],
    skipped: [],
    contentOf: () => exactly(path, size),
    close: () => undefined,
  };
}

async function* exactly(path: string, size: number): AsyncIterable<Buffer> {
  let count = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    count += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (count !== size) throw changedFile(path);
}
