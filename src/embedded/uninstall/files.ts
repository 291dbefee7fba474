/** The names of what a server makes in its data directory. Pure. */

const names: ReadonlySet<string> = new Set([
  ...[
    'api.sock',
    'boot.json',
    'build-caches',
    'builds',
    'ca.crt',
    'config.yaml',
    'disks',
    'images',
    'instance',
    'keeper.pid',
    'keeper.sh',
  ],
  ...[
    'kubeconfig',
    'layers',
    'storage',
    'log-janitor.json',
    'log-sinks',
    'logs',
    'restore.json',
    'run',
    'runtime.json',
    'server.json',
    'server.log',
    'sources',
  ],
  ...['stacks', 'tls.json', 'token', 'users', 'volumes'],
]);

const isOurFile = (name: string): boolean =>
  names.has(name) || /^(store\.db|start\.lock|replaced-|restoring-)/.test(name) || /\.tmp$/.test(name);

/** Tells that here is a server's data: a removal that was cut off is taken up again as long as it is there. */
const mark = 'instance';

/** Those of a data directory that the server has made, in the order in which they are to go. */
export const ourFiles = (present: readonly string[]): readonly string[] =>
  present.filter(isOurFile).sort((a, b) => Number(a === mark) - Number(b === mark));
