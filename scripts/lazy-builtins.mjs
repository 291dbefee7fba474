/**
 * Has a bundle load some of Node's own modules when they are first used instead of at its start: a short command needs
 * neither processes nor cryptography nor TLS, and they take 5 ms of it.
 */

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** @param {readonly string[]} names without `node:` */
export const lazyBuiltins = (names) => ({
  name: 'lazy-builtins',
  setup(build) {
    const filter = new RegExp(`^(node:)?(${names.join('|')})$`);
    build.onResolve({ filter }, ({ path }) => ({ path: path.replace('node:', ''), namespace: 'lazy' }));
    build.onLoad({ filter: /./, namespace: 'lazy' }, ({ path }) => ({
      contents: `
        const load = () => process.getBuiltinModule(${JSON.stringify(path)});
        for (const name of ${JSON.stringify(Object.keys(require(`node:${path}`)))})
          Object.defineProperty(exports, name, { enumerable: true, get: () => load()[name] });
      `,
      loader: 'js',
    }));
  },
});
