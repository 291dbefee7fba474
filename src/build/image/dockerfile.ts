/** How a Dockerfile is built, by buildah inside of the sandbox: one shell script. Pure. */

import type { EnvVar } from '../../resources/core/pod.ts';
import { configFolder } from './containers-config.ts';
import type { Recipe } from './recipe.ts';

export interface DockerfileBuild {
  /** Relative to the source. */
  readonly dockerfile: string;
  /** Images that it names. */
  readonly bases: readonly string[];
  readonly buildArgs: readonly EnvVar[];
  /** Whether layers of earlier builds may be taken. */
  readonly takesCache: boolean;
  /** Path of the OCI runtime. */
  readonly runtime: string;
}

/**
 * `$1` is the number of images to be had ready, then come their names, the rest are buildah's arguments. Layers stay in
 * /build/storage for the next build; what an interrupted build leaves there is marked, and thrown away by the server.
 */
const script = `
set -eu
: > /build/unfinished
trap 'rm -f /build/unfinished' EXIT
rm -rf /build/out /build/tmp
mkdir -p /build/out /build/tmp /build/storage
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
buildah --signature-policy ${configFolder}/policy.json push --quiet --disable-compression localhost/built oci:/build/out:latest
`;

export function dockerfileRecipe({ dockerfile, bases, buildArgs, takesCache, runtime }: DockerfileBuild): Recipe {
  return {
    bases,
    steps: [
      {
        name: 'build',
        command: [
          '/bin/sh',
          '-c',
          script,
          'build',
          String(bases.length),
          ...bases.map(fullName),
          ...['--isolation', 'oci', '--runtime', runtime, '--network', 'host', '--layers', '--pull=never'],
          ...(takesCache ? [] : ['--no-cache']),
          ...['--file', `/source/${dockerfile}`],
          ...buildArgs.flatMap(({ name, value = '' }) => ['--build-arg', `${name}=${value}`]),
        ],
      },
    ],
  };
}

/** The name under which buildah looks for an image: as Docker completes it. */
export function fullName(ref: string): string {
  const [name = '', digest] = ref.split('@');
  const first = name.split('/')[0] ?? '';
  const hasHost = name.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  const path = hasHost ? name : `docker.io/${name.includes('/') ? '' : 'library/'}${name}`;
  const hasTag = /:[^/]+$/.test(path);
  return digest === undefined ? (hasTag ? path : `${path}:latest`) : `${path.replace(/:[^/]+$/, '')}@${digest}`;
}
