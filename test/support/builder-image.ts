/**
 * A small builder of Cloud Native Buildpacks: a lifecycle of real phases in shell (`lifecycle/`), after the platform API's
 * contract, with one buildpack. Its results run on an image of their own.
 */

import { join } from 'node:path';
import { busybox, type LayerFiles, makeImage } from './oci-image.ts';

const folder = join(import.meta.dirname, 'lifecycle');
const phases = ['analyzer', 'detector', 'restorer', 'builder', 'exporter', 'launcher'];

/** Takes sources with a `greeting.txt`; makes the program `greet`, in colour. */
const greeter = {
  detect: '#!/bin/sh\n[ -f greeting.txt ] || exit 100\n',
  build: `#!/bin/sh
set -e
tools=$CNB_LAYERS_DIR/tools
if [ -f "$tools/bin/greet" ]; then echo "tools of the cache"; else echo "making tools"; fi
mkdir -p "$tools/bin" "$tools/env.launch"
printf '#!/bin/sh\\necho "$(cat /workspace/greeting.txt), in $GREETER_COLOUR"\\n' > "$tools/bin/greet"
chmod 755 "$tools/bin/greet"
printf '%s' "\${COLOUR:-grey}" > "$tools/env.launch/GREETER_COLOUR.override"
[ ! -f fails ] || { echo "the source is to fail"; exit 7; }
`,
};

const programs = ['cp', 'cut', 'mkdir', 'rm', 'sed', 'sha256sum', 'tar', 'tr', 'chmod'];

/** Writes both images as OCI layouts. @param runImage under which name the builder's results will find theirs */
export async function makeBuilder(layouts: { builder: string; run: string }, runImage: string): Promise<void> {
  const labels = {
    'io.buildpacks.builder.metadata': JSON.stringify({
      stack: { runImage: { image: runImage } },
      lifecycle: { apis: { platform: { supported: ['0.12'] } } },
    }),
  };
  const lifecycle: LayerFiles = {
    '/cnb/lifecycle/common.sh': { copy: join(folder, 'common.sh') },
    ...Object.fromEntries(
      phases.map((name) => [`/cnb/lifecycle/${name}`, { copy: join(folder, name), mode: 0o755 }] as const),
    ),
    ...Object.fromEntries(programs.map((name) => [`/bin/${name}`, { link: 'busybox' }] as const)),
    '/cnb/buildpacks/test_greeter/1.0/buildpack.toml': 'api = "0.10"\n[buildpack]\nid = "test/greeter"\n',
    ...Object.fromEntries(
      Object.entries(greeter).map(
        ([name, text]) => [`/cnb/buildpacks/test_greeter/1.0/bin/${name}`, { text, mode: 0o755 }] as const,
      ),
    ),
  };
  const env = ['PATH=/bin', 'CNB_USER_ID=1234', 'CNB_GROUP_ID=1234'];
  await makeImage(layouts.builder, {
    layers: [busybox, lifecycle],
    config: { User: '1234:1234', Env: env, Labels: labels },
  });
  await makeImage(layouts.run, {
    layers: [{ ...busybox, '/bin/sed': { link: 'busybox' } }],
    config: { User: '1234:1234', Env: ['PATH=/bin'] },
  });
}
