/**
 * What the well-known images hold that stand-ins are made for: by the words of an image's name, the Debian packages with
 * the real programs, and what the image says about itself.
 */

export interface Recipe {
  readonly packages: readonly string[];
  /** Paths to their text. */
  readonly files?: Readonly<Record<string, string | { readonly text: string; readonly mode: number }>>;
  /** Links: path to target. */
  readonly links?: Readonly<Record<string, string>>;
  readonly folders?: Readonly<Record<string, { readonly mode?: number; readonly uid?: number }>>;
  /** Whether every program that busybox can be gets its name. */
  readonly busybox?: boolean;
  /** As in an OCI image configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

const path = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

const debian: Recipe = {
  packages: [
    ...['bash', 'coreutils', 'dash', 'debianutils', 'diffutils', 'findutils', 'grep', 'gzip', 'hostname', 'libc-bin'],
    ...['login', 'mawk', 'procps', 'sed', 'tar', 'util-linux'],
  ],
  links: { 'usr/bin/awk': 'mawk' },
  config: { Env: path, Cmd: ['/bin/bash'] },
};

const busybox: Recipe = { packages: ['busybox-static'], busybox: true, config: { Env: path, Cmd: ['sh'] } };

const git: Recipe = {
  packages: ['busybox-static', 'git', 'openssh-client', 'openssh-server'],
  busybox: true,
  files: { 'etc/ssh/sshd_config': 'AuthorizedKeysFile .ssh/authorized_keys\n' },
  folders: { 'run/sshd': {}, 'var/log': {} },
  config: { Env: path, Entrypoint: ['git'], Cmd: ['--help'], WorkingDir: '/git' },
};

/** As Docker's official image: options and nothing at all are meant for bash, all else is a command. */
const bashEntrypoint = `#!/usr/bin/env bash
case "\${1--}" in
  -*) exec bash "$@" ;;
  *) exec "$@" ;;
esac
`;

const recipes: Readonly<Record<string, Recipe>> = {
  ubuntu: debian,
  debian,
  busybox,
  alpine: { ...busybox, config: { Env: path, Cmd: ['/bin/sh'] } },
  bash: {
    packages: ['busybox-static', 'bash'],
    busybox: true,
    files: { 'usr/local/bin/docker-entrypoint.sh': { text: bashEntrypoint, mode: 0o755 } },
    config: { Env: path, Entrypoint: ['docker-entrypoint.sh'], Cmd: ['bash'] },
  },
  node: { packages: [...debian.packages, 'nodejs'], links: debian.links!, config: { Env: path, Cmd: ['node'] } },
  perl: { packages: [...debian.packages, 'perl'], links: debian.links!, config: { Env: path, Cmd: ['perl'] } },
  python: {
    packages: [...debian.packages, 'python3'],
    links: { ...debian.links, 'usr/bin/python': 'python3' },
    config: { Env: path, Cmd: ['python3'] },
  },
  git,
  /** A user of its own, who has a home. */
  nonroot: {
    packages: [],
    folders: { 'home/nonroot': { mode: 0o700, uid: 1000 } },
    config: { User: '1000' },
  },
  /** ko's name of a program that does nothing. */
  nop: { ...busybox, config: { Env: path, Entrypoint: ['/bin/true'] } },
};

/**
 * The words of an image's last name, all of which have a recipe; undefined where one has none. What ko hangs on a name (a
 * digest of 32 digits) is no word.
 * @param name without tag and digest: `docker.io/library/ubuntu`
 */
export function wordsOf(name: string): readonly string[] | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1);
  const words = last.split('-').filter((word) => !/^[0-9a-f]{32}$/.test(word));
  return words.length > 0 && words.every((word) => Object.hasOwn(recipes, word)) ? words : undefined;
}

/** One recipe of several: what a later word says about the image counts. */
export function recipeOf(words: readonly string[]): Recipe {
  const all = words.map((word) => recipes[word]!);
  return {
    packages: [...new Set(all.flatMap(({ packages }) => packages))].sort(),
    files: Object.assign({}, ...all.map(({ files }) => files)),
    links: Object.assign({}, ...all.map(({ links }) => links)),
    folders: Object.assign({}, ...all.map(({ folders }) => folders)),
    busybox: all.some((one) => one.busybox),
    config: Object.assign({}, ...all.map(({ config }) => config)),
  };
}
