/** `bundles`: a layer of an OCI image. */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { readCredentials } from '../../client/pull-credentials.ts';
import { ServiceAccount } from '../../resources/core/kinds.ts';
import { errorMessage } from '../../resources/errors.ts';
import type { BundleImages, BundleLayer } from './bundle-images.ts';
import { longestResource, type Resolver, ResolverError, type ResolverParams } from './resolver.ts';

const annotation = {
  kind: 'dev.tekton.image.kind',
  name: 'dev.tekton.image.name',
  apiVersion: 'dev.tekton.image.apiVersion',
} as const;

/** Tekton's. */
const mostLayers = 20;

export interface BundlesResolverOptions {
  readonly client: Client;
  readonly images: BundleImages;
}

export const bundlesResolver = ({ client, images }: BundlesResolverOptions): Resolver => ({
  title: 'bundleresolver',
  complete(given) {
    for (const name of ['bundle', 'name']) if (!given[name]) throw new ResolverError(`parameter "${name}" required`);
    return { ...given, kind: given.kind || 'task', serviceAccount: given.serviceAccount || 'default' };
  },
  isImmutable: ({ bundle = '' }) => /@sha256:[0-9a-f]{64}$/.test(bundle),
  async resolve({ params, namespace }) {
    const { bundle: image = '', name = '', kind = '' } = params;
    return images.open(image, await credentialsFor(client, namespace, params), async ({ uri, digest, layers }) => {
      const fault = faultOf(layers);
      if (fault !== undefined) throw new ResolverError(`invalid tekton bundle ${image}, error: ${fault}`);
      const layer = layers.find(
        ({ annotations }) =>
          annotations[annotation.name] === name && annotations[annotation.kind] === kind.toLowerCase(),
      );
      if (layer === undefined)
        throw new ResolverError(
          `could not find object in image with kind: ${kind} and name: ${name}; it has ${listOf(layers)}`,
        );
      const [algorithm = '', hex = ''] = digest.split(':');
      return {
        data: await resourceIn(await layer.read()),
        source: { uri, digest: { [algorithm]: hex }, entryPoint: name },
        annotations: Object.fromEntries(
          Object.values(annotation).map((key) => [`resolution.tekton.dev/${key}`, layer.annotations[key] ?? '']),
        ),
      };
    });
  },
});

/** The Secret that is named, or those of the ServiceAccount. */
async function credentialsFor(client: Client, namespace: string, params: ResolverParams): Promise<string | undefined> {
  if (params.secret) return readCredentials(client, namespace, [{ name: params.secret }]);
  const account = await getIfExists(client, ServiceAccount, { namespace, name: params.serviceAccount! });
  return readCredentials(client, namespace, account?.imagePullSecrets ?? []);
}

/** Why an image is no bundle. */
function faultOf(layers: readonly BundleLayer[]): string | undefined {
  if (layers.length > mostLayers) return `contained more than the maximum ${mostLayers} allow objects`;
  for (const [index, { annotations }] of layers.entries()) {
    for (const key of [annotation.apiVersion, annotation.name, annotation.kind])
      if (annotations[key] === undefined) return `the layer ${index} does not contain a ${key} annotation`;
    const kind = annotations[annotation.kind]!;
    if (kind !== kind.toLowerCase().replace(/s$/, ''))
      return `the layer ${index} the annotation ${annotation.kind} must be lowercased and singular, found ${kind}`;
  }
  return undefined;
}

const listOf = (layers: readonly BundleLayer[]): string =>
  layers.map(({ annotations }) => `${annotations[annotation.kind]} ${annotations[annotation.name]}`).join(', ') ||
  'nothing';

const unzip = promisify(gunzip);

/** The one file of the layer's archive. @throws ResolverError */
async function resourceIn(layer: Buffer): Promise<Buffer> {
  const tooLong = new ResolverError(`the resource exceeds maximum allowed size of ${longestResource} bytes`);
  const isZipped = layer[0] === 0x1f && layer[1] === 0x8b;
  // Headers and padding come to the file.
  const longest = longestResource + 64 * 1024;
  const archive = isZipped
    ? await unzip(layer, { maxOutputLength: longest }).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ERR_BUFFER_TOO_LARGE'
          ? tooLong
          : new ResolverError(`cannot read the layer: ${error.message}`);
      })
    : layer;
  if (archive.length > longest) throw tooLong;
  const found = await firstFile(archive);
  if (found === undefined) throw new ResolverError('the layer has no file');
  if (found.length > longestResource) throw tooLong;
  return found;
}

async function firstFile(archive: Buffer): Promise<Buffer | undefined> {
  const entries = extract();
  entries.end(archive);
  try {
    for await (const entry of entries) {
      if (entry.header.type !== 'file') {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    }
  } catch (error) {
    throw new ResolverError(`layer is not a tarball: ${errorMessage(error)}`);
  }
  return undefined;
}
