/** Files by which git and container tools know their passwords and keys, made of a ServiceAccount's Secrets as Tekton does. Pure. */

import type { Secret } from '../../resources/core/kinds.ts';
import { paths } from './paths.ts';

const text = (value: string | undefined): string => Buffer.from(value ?? '', 'base64').toString('utf8');

/** Values of the annotations `tekton.dev/git-0`, `tekton.dev/git-1` …, in order. */
const addresses = ({ metadata }: Secret, prefix: string): readonly string[] =>
  Object.entries(metadata.annotations ?? {})
    .filter(([key]) => key.startsWith(prefix))
    .map(([, value]) => value)
    .sort();

const gitPrefix = 'tekton.dev/git-';
const dockerPrefix = 'tekton.dev/docker-';

/** Content by path below the folder of credentials; nothing for Secrets that are for something else. */
export function credentialFiles(secrets: readonly Secret[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const basic = secrets
    .filter(({ type }) => type === 'kubernetes.io/basic-auth')
    .flatMap((secret) => addresses(secret, gitPrefix).map((url) => ({ url, secret })));
  const ssh = secrets
    .filter(({ type }) => type === 'kubernetes.io/ssh-auth')
    .flatMap((secret) => addresses(secret, gitPrefix).map((address) => ({ address, secret })));
  const config = [...gitConfig(basic), ...ssh.flatMap(({ address }) => insteadOf(address))];
  if (config.length > 0) files.set('.gitconfig', config.join(''));
  if (basic.length > 0) files.set('.git-credentials', gitCredentials(basic));
  for (const [path, content] of sshFiles(ssh)) files.set(path, content);
  const docker = dockerConfig(secrets);
  if (docker !== undefined) files.set('.docker/config.json', docker);
  return files;
}

type Basic = readonly { readonly url: string; readonly secret: Secret }[];

function pathOf(url: string): string {
  try {
    return new URL(url).pathname.replace(/^\/$/, '');
  } catch {
    return '';
  }
}

function gitConfig(basic: Basic): readonly string[] {
  if (basic.length === 0) return [];
  const sections = basic.map(({ url, secret }) => {
    const username = text(secret.data?.username).replaceAll('\\', '\\\\');
    // Credentials of one repository count only where git looks at the path.
    return `[credential "${url}"]\n\tusername = ${username}\n${pathOf(url) === '' ? '' : '\tuseHttpPath = true\n'}`;
  });
  return ['[credential]\n\thelper = store\n', ...sections];
}

/** Credentials for a whole host come first, since git takes the last entry that fits. */
function gitCredentials(basic: Basic): string {
  const ordered = [...basic].sort((a, b) => Number(pathOf(a.url) !== '') - Number(pathOf(b.url) !== ''));
  const lines = ordered.map(({ url, secret }) => {
    const who = `${encodeURIComponent(text(secret.data?.username))}:${encodeURIComponent(text(secret.data?.password))}`;
    return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?(?:[^/@]*@)?/i, (_, scheme = '') => `${scheme}${who}@`);
  });
  return `${lines.join('\n')}\n`;
}

/** `HOST[:PORT][/ORG/REPO]` */
function parsed(address: string) {
  const [, host = '', port = '22', path = ''] = /^([^/:]*)(?::(\d+))?(?:\/(.*))?$/.exec(address) ?? [];
  return { host, port, path, alias: path === '' ? host : `${host}--${path.replaceAll('/', '--')}` };
}

/** The key of one repository is found by a name of its own for the host. */
function insteadOf(address: string): readonly string[] {
  const { host, port, path, alias } = parsed(address);
  if (path === '') return [];
  const where = port === '22' ? host : `${host}:${port}`;
  return [
    `[url "git@${alias}:${path}.git"]\n\tinsteadOf = git@${host}:${path}.git\n`,
    `[url "ssh://${alias}/${path}.git"]\n\tinsteadOf = ssh://${where}/${path}.git\n`,
  ];
}

type Ssh = readonly { readonly address: string; readonly secret: Secret }[];

function sshFiles(ssh: Ssh): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  if (ssh.length === 0) return files;
  const byAddress = new Map<string, Secret[]>();
  for (const { address, secret } of ssh) byAddress.set(address, [...(byAddress.get(address) ?? []), secret]);
  const ordered = [...byAddress].sort(([a], [b]) => Number(parsed(a).path !== '') - Number(parsed(b).path !== ''));
  const known: string[] = [];
  const hosts = ordered.map(([address, secrets]) => {
    const { host, port, alias } = parsed(address);
    const keys = secrets.map(({ metadata: { name }, data }) => {
      files.set(`.ssh/id_${name}`, text(data?.['ssh-privatekey']));
      if (data?.known_hosts !== undefined) known.push(text(data.known_hosts));
      return `    IdentityFile ${paths.credentials}/.ssh/id_${name}\n`;
    });
    return `Host ${alias}\n    HostName ${host}\n    Port ${port}\n${keys.join('')}`;
  });
  files.set('.ssh/config', hosts.join(''));
  if (known.length > 0) files.set('.ssh/known_hosts', known.join('\n'));
  return files;
}

type Auths = Readonly<Record<string, unknown>>;

/** Registries of `dockercfg` count least, those of annotated Secrets most. */
function dockerConfig(secrets: readonly Secret[]): string | undefined {
  const ofType = (type: string): readonly Secret[] => secrets.filter((secret) => secret.type === type);
  const old = ofType('kubernetes.io/dockercfg').map(({ data }) => json(data?.['.dockercfg']));
  const given = ofType('kubernetes.io/dockerconfigjson').map(
    ({ data }) => (json(data?.['.dockerconfigjson']).auths ?? {}) as Auths,
  );
  const basic = ofType('kubernetes.io/basic-auth').flatMap((secret) =>
    addresses(secret, dockerPrefix).map((registry): Auths => {
      const [username, password] = [text(secret.data?.username), text(secret.data?.password)];
      const auth = Buffer.from(`${username}:${password}`).toString('base64');
      return { [registry]: { username, password, auth, email: 'not@val.id' } };
    }),
  );
  const auths = Object.assign({}, ...old, ...given, ...basic) as Auths;
  return Object.keys(auths).length === 0 ? undefined : JSON.stringify({ auths });
}

function json(data: string | undefined): Auths {
  try {
    const value: unknown = JSON.parse(text(data));
    return typeof value === 'object' && value !== null ? (value as Auths) : {};
  } catch {
    return {};
  }
}
