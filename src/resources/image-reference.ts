/** References of images, as Docker and Kubernetes write them. Pure. */

export interface ImageReference {
  /** `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** `library/debian` */
  readonly path: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

const defaultDomain = 'docker.io';
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const domainPattern =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?$|^\[[0-9a-fA-F:]+\](?::[0-9]+)?$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/**
 * What is not said is Docker's: `debian` is `docker.io/library/debian`. Without tag and digest it means `latest`.
 * A leading `docker://` says nothing.
 * @throws RangeError saying what is wrong with it
 */
export function parseImageReference(text: string): ImageReference {
  const bare = text.replace(/^docker:\/\//, '');
  const [, beforeDigest = '', digest] = /^([^@]*)(?:@(.*))?$/s.exec(bare) ?? [];
  const refuse = (what: string): never => {
    throw new RangeError(`${JSON.stringify(text)} is no image: ${what}`);
  };
  if (digest !== undefined && !digestPattern.test(digest)) refuse(`${JSON.stringify(digest)} is no digest (sha256:…)`);
  // A colon after the last slash begins the tag; an earlier one belongs to the port.
  const [, name = '', tag] = /^(.*?)(?::([^/:]*))?$/s.exec(beforeDigest) ?? [];
  if (tag !== undefined && !tagPattern.test(tag)) refuse(`${JSON.stringify(tag)} is no tag`);
  const { domain, path } = splitName(name);
  if (path === '') refuse('it has no name');
  if (!domainPattern.test(domain)) refuse(`${JSON.stringify(domain)} is no registry`);
  if (path !== path.toLowerCase()) refuse('the name must be lower case');
  const odd = path.split('/').find((part) => !component.test(part));
  if (odd !== undefined) refuse(`${JSON.stringify(odd)} is no part of a name`);
  if (/^[0-9a-f]{64}$/.test(name)) refuse('a name of 64 hexadecimal digits is an identifier');
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** Docker's rule: what is before the first slash is a registry when it looks like a host. */
function splitName(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isDomain = slash > 0 && (/[.:]/.test(first) || first === 'localhost');
  const [domain, path] = isDomain ? [first, name.slice(slash + 1)] : [defaultDomain, name];
  // The registry's former name.
  const known = domain === 'index.docker.io' ? defaultDomain : domain;
  return {
    domain: known,
    path: known === defaultDomain && path !== '' && !path.includes('/') ? `library/${path}` : path,
  };
}

/** In full: `docker.io/library/debian:12`; a digest takes the place of a tag. */
export function fullReference({ domain, path, tag, digest }: ImageReference): string {
  return digest === undefined ? `${domain}/${path}:${tag ?? 'latest'}` : `${domain}/${path}@${digest}`;
}

/** The same image by its content. */
export const withDigest = ({ domain, path }: ImageReference, digest: string): string => `${domain}/${path}@${digest}`;

/** Images that this server made bear this registry's name: no registry has them. */
export const ownRegistry = 'kf.local';

/** The host stack without any layer. */
export const hostStackRef = `${ownRegistry}/stack/host`;

export const isOwnImage = (text: string): boolean => text.startsWith(`${ownRegistry}/`);

/** Kubernetes' rule for an `imagePullPolicy` that is not given. */
export const usualPullPolicy = ({ tag, digest }: ImageReference): 'Always' | 'IfNotPresent' =>
  digest === undefined && (tag ?? 'latest') === 'latest' ? 'Always' : 'IfNotPresent';

/** Whether a registry is this machine itself: as for Docker and containerd, it needs no certificate. */
export const isLoopback = (domain: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(domain);
