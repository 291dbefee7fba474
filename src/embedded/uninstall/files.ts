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

export const isOurFile = (name: string): boolean =>
  names.has(name) || /^(store\.db|start\.lock|replaced-|restoring-)/.test(name) || /\.tmp$/.test(name);
