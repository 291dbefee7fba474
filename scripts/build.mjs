/** Bundles the program into `dist`: the command line in one file, so that it starts fast, and the server in another. */

import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const entries = { kf: 'src/cli/main.ts', server: 'src/embedded.ts' };
/** Loaded by their path at run time. */
const copies = ['src/store/commit-worker.mjs'];

/** Bundled CommonJS packages call require for Node's own modules. */
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

mkdirSync(join(root, 'dist'), { recursive: true });
const entryPoints = Object.fromEntries(
  Object.entries(entries)
    .map(([name, path]) => [name, join(root, path)])
    .filter(([, path]) => existsSync(path)),
);
const built = await build({
  entryPoints,
  outdir: join(root, 'dist'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Holds a native library; everything else goes into the bundle.
  external: ['libsql'],
  banner: { js: banner },
  sourcemap: true,
  // A command starts some milliseconds faster; names stay readable in stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // It has said what is wrong; a stack trace adds nothing.
}).catch(() => process.exit(1));
for (const path of copies.filter((path) => existsSync(join(root, path)))) {
  copyFileSync(join(root, path), join(root, 'dist', basename(path)));
}
chmodSync(join(root, 'bin/kf'), 0o755);

const sizes = Object.entries(built.metafile.outputs)
  .filter(([path]) => path.endsWith('.js'))
  .map(([path, { bytes }]) => `${path} ${Math.round(bytes / 1024)} KiB`);
console.log(`Built ${sizes.join(', ') || 'nothing: no entry point exists'}`);
