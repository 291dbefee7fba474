/** Makes images for tests, without a builder: an OCI layout of layers that are written as they are given. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** Paths to their text; `{ link }`, `{ folder }`, `{ copy }` (a file of this machine), `{ text }` for what is more. */
export type LayerFiles = Readonly<
  Record<
    string,
    | string
    | { readonly link: string }
    | { readonly copy: string; readonly mode?: number }
    | { readonly text: string; readonly mode?: number }
    | { readonly folder: true; readonly mode?: number; readonly uid?: number }
  >
>;

export interface ImageSpec {
  /** Lowest first; a Buffer is a layer as tar has it. */
  readonly layers: readonly (LayerFiles | Buffer)[];
  /** As in an OCI image configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
  /** Of the layers, in their order. */
  readonly annotations?: readonly Readonly<Record<string, string>>[];
}

/** A shell and some programs, as Debian's busybox-static has them. */
export const busybox: LayerFiles = {
  '/bin/busybox': { copy: '/bin/busybox', mode: 0o755 },
  ...Object.fromEntries(
    [
      'sh',
      'cat',
      'echo',
      'env',
      'id',
      'ls',
      'pwd',
      'sleep',
      'test',
      'true',
      'touch',
      'wc',
      'head',
      'dd',
      'hostname',
    ].map((name) => [`/bin/${name}`, { link: 'busybox' }]),
  ),
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\napp:x:1234:1234:App:/home/app:/bin/sh\n',
  '/etc/group': 'root:x:0:\napp:x:1234:\nstaff:x:50:app\n',
  '/home/app': { folder: true, uid: 1234 },
  '/tmp': { folder: true, mode: 0o1777 },
};

/** All that busybox can be, as its official image. */
export const wholeBusybox = (): LayerFiles => ({
  ...busybox,
  ...Object.fromEntries(
    execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .filter((name) => name !== 'busybox')
      .map((name) => [`/bin/${name}`, { link: 'busybox' }]),
  ),
});

/** Writes an OCI layout with one image, which a reference without a name means. @returns the manifest's digest */
export async function makeImage(
  layout: string,
  { layers, config = {}, architecture, annotations = [] }: ImageSpec,
): Promise<string> {
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (data: Buffer): { digest: string; size: number } => {
    const hex = sha256(data);
    writeFileSync(join(blobs, hex), data);
    return { digest: `sha256:${hex}`, size: data.length };
  };
  const tars = await Promise.all(layers.map((layer) => (Buffer.isBuffer(layer) ? layer : tarOf(layer))));
  const usual = process.arch === 'x64' ? 'amd64' : process.arch;
  const configuration = put(
    Buffer.from(
      JSON.stringify({
        architecture: architecture ?? usual,
        os: 'linux',
        config,
        // buildah builds upon images that tell of each of their layers only.
        history: tars.map(() => ({ created_by: 'test' })),
        rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
      }),
    ),
  );
  const manifest = put(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...configuration },
        layers: tars.map((tar, index) => ({
          ...(annotations[index] === undefined ? {} : { annotations: annotations[index] }),
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          ...put(gzipSync(tar, { level: 1 })),
        })),
      }),
    ),
  );
  const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest };
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  return manifest.digest;
}

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

async function tarOf(files: LayerFiles): Promise<Buffer> {
  const tar = pack();
  const mtime = new Date(0);
  for (const [path, what] of Object.entries(files)) {
    const name = path.slice(1);
    if (typeof what === 'string') tar.entry({ name, mtime }, what);
    else if ('link' in what) tar.entry({ name, mtime, type: 'symlink', linkname: what.link });
    else if ('folder' in what)
      tar.entry({ name, mtime, type: 'directory', mode: what.mode ?? 0o755, uid: what.uid ?? 0, gid: what.uid ?? 0 });
    else tar.entry({ name, mtime, mode: what.mode ?? 0o644 }, 'text' in what ? what.text : readFileSync(what.copy));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
