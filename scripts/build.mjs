/** Bundles the program into `dist`: the command line in one file, so that it starts fast, and the server in another. */

import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { keepCompiledCode } from './compiled-code.mjs';
import { lazyBuiltins } from './lazy-builtins.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const server = join(root, 'src/embedded.ts');
/** CommonJS loads faster than a module, and its compiled code can be kept on every version of Node. */
const command = join(root, 'src/cli/main.ts');
/** Loaded by its path at run time. */
const commitWorker = join(root, 'src/store/commit-worker.mjs');

/** Bundled CommonJS packages call require for Node's own modules. */
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

mkdirSync(join(root, 'dist'), { recursive: true });
const shared = {
  outdir: join(root, 'dist'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Holds a native library; everything else goes into the bundle.
  external: ['libsql'],
  sourcemap: true,
  // A command starts some milliseconds faster; names stay readable in stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
const commandFile = join(root, 'dist/kf.cjs');
rmSync(`${commandFile}.cache`, { force: true });
// What newer versions of Node have kept, of an earlier build.
rmSync(join(root, 'dist/compiled'), { recursive: true, force: true });
const all = await Promise.all([
  build({ ...shared, entryPoints: { server }, format: 'esm', banner: { js: banner } }),
  build({
    ...shared,
    entryPoints: { kf: command },
    format: 'cjs',
    // Half of what a command reads at its start; the source map has the names.
    minifyIdentifiers: true,
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': '__fileUrl' },
    banner: { js: "const __fileUrl = require('node:url').pathToFileURL(__filename).href;" },
    logOverride: { 'empty-import-meta': 'silent' },
    plugins: [lazyBuiltins(['child_process', 'crypto', 'https'])],
  }),
  // It has said what is wrong; a stack trace adds nothing.
]).catch(() => process.exit(1));
copyFileSync(commitWorker, join(root, 'dist', basename(commitWorker)));
chmodSync(join(root, 'bin/kf'), 0o755);

await keepCompiledCode(commandFile);
await writeManual();

/** The manual is made of the commands' own declarations, which are TypeScript. */
async function writeManual() {
  const program = join(root, 'dist/write-manual.mjs');
  const entryPoints = [join(root, 'scripts/generate-man.ts')];
  await build({
    ...shared,
    entryPoints,
    outdir: undefined,
    outfile: program,
    format: 'esm',
    sourcemap: false,
    banner: { js: banner },
  });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  (await import(pathToFileURL(program).href)).writeManual(join(root, 'dist/man'), version);
  rmSync(program);
}

const sizes = all
  .flatMap(({ metafile }) => Object.entries(metafile.outputs))
  .filter(([path]) => /\.c?js$/.test(path))
  .map(([path, { bytes }]) => `${path} ${Math.round(bytes / 1024)} KiB`);
console.log(`Built ${sizes.join(', ')}`);
