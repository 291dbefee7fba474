/** How a Dockerfile is built, by buildah inside of the sandbox: one shell script. Pure. */

import type { EnvVar } from '../../resources/core/pod.ts';
import { fullReference, parseImageReference } from '../../resources/image-reference.ts';
import { configFolder, containersEnvironment } from './containers-config.ts';
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

/**
 * `$1` is the number of images to be had ready, then come their names, the rest are buildah's arguments. Layers stay in
 * /build/storage for the next build; what an interrupted build leaves there is marked, and thrown away by the server.
 */
const script = `
set -eu
: > /build/unfinished
trap 'rm -f /build/unfinished' EXIT
rm -rf /build/${dockerfileOutput} /build/tmp
mkdir -p /build/${dockerfileOutput} /build/tmp /build/storage
count=$1
shift
index=0
while [ "$index" -lt "$count" ]; do
  skopeo --policy ${configFolder}/policy.json copy --quiet "oci:${configFolder}/$index:latest" "containers-storage:$1" >/dev/null
  echo "Base image $1"
  shift
  index=$((index + 1))
done
buildah --signature-policy ${configFolder}/policy.json build --tag localhost/built \\
  --ulimit "nofile=$(ulimit -Sn):$(ulimit -Hn)" "$@" /source
buildah --signature-policy ${configFolder}/policy.json push --quiet --disable-compression localhost/built \\
  oci:/build/${dockerfileOutput}:latest
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
