/** How a Dockerfile is built, by buildah inside of the sandbox: one shell script. Pure. */

import type { EnvVar } from '../../resources/core/pod.ts';
import { fullReference, parseImageReference } from '../../resources/image-reference.ts';
import { configFolder, containersEnvironment, helpersFolder } from './containers-config.ts';
import type { Places, Recipe } from './recipe.ts';

export interface DockerfileBuild {
  /** Relative to the source. */
  readonly dockerfile: string;
  /** Images that it names. They are OCI layouts in the folder `bases`: `0`, `1` … */
  readonly bases: readonly string[];
  readonly buildArgs: readonly EnvVar[];
  /** Whether layers of earlier builds may be taken. */
  readonly takesCache: boolean;
  /** Image of the stack that builds run on. */
  readonly stack: string;
  /** Path of the OCI runtime. */
  readonly runtime: string;
}

/** Where in the cache the image is left. */
export const dockerfileOutput = 'out';

/** In the cache: the digest of each layer that came into it with a base image, a line for each. */
export const cachedLayersFile = 'layers';

/** In `bases`: what is added there once those images are in the cache. */
export const baseLayersFile = 'base-layers';

/** In `bases`: digest and bytes of each layer that the server has, a line for each. */
export const serverLayersFile = 'server-layers';

/**
 * `$1` is the number of images to be had ready, then come their names, the rest are buildah's arguments. Layers stay in
 * /build/storage for the next build; what an interrupted build leaves there is marked, and thrown away by the server.
 *
 * No layer is written that the other side has: in an OCI layout an empty file of its size stands for it, which skopeo takes
 * for the blob when it writes, and does not look at when it reads what its storage holds.
 */
const script = `
set -eu
: > /build/unfinished
trap 'rm -f /build/unfinished' EXIT
rm -rf /build/${dockerfileOutput} /build/tmp
mkdir -p /build/${dockerfileOutput}/blobs/sha256 ${helpersFolder} /build/storage
ln -s /bin/false ${helpersFolder}/netavark
copy() { skopeo --policy ${configFolder}/policy.json --tmpdir /build/tmp copy --quiet "$@" >/dev/null; }
count=$1
shift
index=0
while [ "$index" -lt "$count" ]; do
  copy "oci:${configFolder}/$index:latest" "containers-storage:$1" || { rm -f /build/${cachedLayersFile}; exit 1; }
  echo "Base image $1"
  shift
  index=$((index + 1))
done
while read -r digest bytes; do
  truncate -s "$bytes" "/build/${dockerfileOutput}/blobs/sha256/$digest"
done < ${configFolder}/${serverLayersFile}
cat ${configFolder}/${baseLayersFile} >> /build/${cachedLayersFile}
buildah --signature-policy ${configFolder}/policy.json build --tag localhost/built \\
  --ulimit "nofile=$(ulimit -Sn):$(ulimit -Hn)" "$@" /source
copy --dest-oci-accept-uncompressed-layers containers-storage:localhost/built oci:/build/${dockerfileOutput}:latest
`;

export function dockerfileRecipe(build: DockerfileBuild, { source, bases: folder, cache }: Places): Recipe {
  const { dockerfile, bases, buildArgs, takesCache, stack, runtime } = build;
  return {
    folders: { source, bases: folder, build: cache },
    steps: [
      {
        name: 'build',
        image: stack,
        command: [
          ...['/bin/sh', '-c', script, 'build'],
          String(bases.length),
          // As buildah completes the names in the Dockerfile.
          ...bases.map((ref) => fullReference(parseImageReference(ref))),
          ...['--isolation', 'oci', '--runtime', runtime, '--network', 'host', '--layers', '--pull=never'],
          ...(takesCache ? [] : ['--no-cache']),
          ...['--file', `/source/${dockerfile}`],
          ...buildArgs.flatMap(({ name, value = '' }) => ['--build-arg', `${name}=${value}`]),
        ],
        env: containersEnvironment,
        mounts: [
          { folder: 'source', path: '/source', readOnly: true },
          { folder: 'bases', path: configFolder, readOnly: true },
          { folder: 'build', path: '/build' },
        ],
      },
    ],
  };
}
