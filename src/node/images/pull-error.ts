/** Why an image could not be had, in words that say the way out, and whether it is worth asking again. Pure. */

import { errorMessage } from '../../resources/errors.ts';
import { type ImageReference, isLoopback } from '../../resources/image-reference.ts';
import { CommandError } from '../host/run-command.ts';

/** Kubernetes' reasons. */
export type PullReason = 'ErrImagePull' | 'InvalidImageName';

/** `fact`: the answer will not be another one; `damaged`: it may, once; `passing`: nobody has answered. */
export type PullKind = 'fact' | 'damaged' | 'passing';

export class PullError extends Error {
  override readonly name = 'PullError';
  constructor(
    message: string,
    readonly kind: PullKind,
    readonly reason: PullReason = 'ErrImagePull',
    /** The bare words of the registry, or of skopeo. */
    readonly said: string = message,
  ) {
    super(message);
  }
}

/** What was asked for. */
interface Asked {
  /** `registry docker.io`; where it is out of a file, `the image's file`. */
  readonly from: string;
  /** `debian:12` within it. */
  readonly image: string;
  /** The registry's host. */
  readonly host: string;
}

interface Answer {
  /** Part of the program's message. */
  readonly pattern: RegExp;
  readonly kind: PullKind;
  readonly reason?: PullReason;
  /** In plain words, without what was said, which follows in brackets. */
  words(asked: Asked): string;
}

const login =
  'log in with --docker-username USER and the password in CF_DOCKER_PASSWORD, of Pods with imagePullSecrets';

const mirrorFor = (host: string): string =>
  `where this machine has no way out, a mirror helps: sudo kf configure-server set-registry ${host} --mirror HOST`;

/** The first that fits holds. */
const answers: readonly Answer[] = [
  {
    pattern: /toomanyrequests|too many requests|\b429\b/i,
    kind: 'passing',
    words: ({ from, host }) =>
      `${from} lets nobody pull that often: ${login}; or have a mirror (sudo kf configure-server set-registry ${host} --mirror HOST)`,
  },
  {
    pattern: /no such host|server misbehaving|Temporary failure in name resolution/i,
    kind: 'passing',
    words: ({ from, host }) => `${from} is not found: check its name; ${mirrorFor(host)}`,
  },
  {
    pattern:
      /connection (refused|reset)|i\/o timeout|no route to host|network is unreachable|TLS handshake timeout|deadline exceeded|\/v2\/": EOF/i,
    kind: 'passing',
    words: ({ from, host }) =>
      isLoopback(host)
        ? `${from} does not answer: does it run, on that port?`
        : `${from} does not answer: check name and port; ${mirrorFor(host)}`,
  },
  {
    pattern: /(status code from registry|StatusCode:|HTTP status:) 5\d\d/i,
    kind: 'passing',
    words: ({ from }) => `${from} has a fault of its own`,
  },
  {
    pattern:
      /digest did not match|does not match (expected|config)|unexpected EOF|gzip: invalid|invalid (checksum|header)|flate: corrupt/i,
    kind: 'damaged',
    words: ({ from }) => `what ${from} sent is damaged`,
  },
  {
    pattern: /invalid reference format|Invalid source name|Invalid image name/i,
    kind: 'fact',
    reason: 'InvalidImageName',
    words: ({ image }) => `${image} is no name of an image`,
  },
  {
    pattern: /manifest unknown|name unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN|not found: manifest/i,
    kind: 'fact',
    words: ({ from, image }) => `${from} has no image ${image}: check its name and tag`,
  },
  {
    pattern:
      /unauthorized|authentication required|invalid username\/password|unable to retrieve auth token|access (to the resource )?is denied|\bdenied\b|StatusCode: 40[13]|status code from registry 40[13]/i,
    kind: 'fact',
    words: ({ from, image }) =>
      `${from} gives nobody the image ${image} without the right user and password, or has none of that name: ${login}`,
  },
  {
    pattern: /StatusCode: 404|status code from registry 404|looking for beginning of value|malformed HTTP response/i,
    kind: 'fact',
    words: ({ from }) => `${from} is no registry of images, or has none of that name: check name and port`,
  },
  {
    pattern: /no image found in (manifest list|image index)/i,
    kind: 'fact',
    words: ({ from, image }) => `${from} has ${image} for other kinds of machines only`,
  },
  {
    pattern: /unsupported (schema|manifest|media|MIME|image)|Unknown media type/i,
    kind: 'fact',
    words: ({ image }) => `${image} is of a kind that cannot be run`,
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    kind: 'fact',
    words: ({ from, host }) =>
      `${from} speaks no TLS: sudo kf configure-server set-registry ${host} --insecure allows that`,
  },
  {
    pattern: /x509:|tls: (failed to verify|bad certificate|unknown)/i,
    kind: 'fact',
    words: ({ from, host }) =>
      `${from} shows a certificate that this machine does not trust: sudo kf configure-server set-registry ${host} --ca FILE makes it trusted`,
  },
  {
    pattern:
      /open .*: no such file or directory|does not (contain|exist)|not an OCI|multiple images|no descriptor found|unexpected end of JSON|archive\/tar|invalid tar header|isn't a tar|Error loading tar|file "(manifest|index)\.json" not found|error detecting compression/i,
    kind: 'fact',
    words: ({ from }) => `${from} holds no such image`,
  },
];

/** @param reference what was asked of a registry; without it the image was to come out of a file */
export function pullErrorOf(error: unknown, reference?: ImageReference): PullError {
  if (error instanceof PullError) return error;
  const all = error instanceof CommandError ? wordsOf(error.reason) : errorMessage(error);
  const [, ofMirrors, ofRegistry] = mirrored.exec(all) ?? [];
  const said = bare(ofRegistry ?? all);
  const answer = answers.find(({ pattern }) => pattern.test(ofRegistry ?? all));
  const mirrors =
    ofMirrors === undefined ? '' : `; its mirrors failed, too: ${ofMirrors.split('] [').map(bare).join('; ')}`;
  const asked = askedOf(reference);
  const message =
    answer === undefined ? `${asked.from}: ${said}${mirrors}` : `${answer.words(asked)} (${said}${mirrors})`;
  return new PullError(message, answer?.kind ?? 'passing', answer?.reason, said);
}

const askedOf = (reference: ImageReference | undefined): Asked => {
  if (reference === undefined) return { from: "the image's file", image: 'it', host: 'HOST' };
  const { domain, path, tag, digest } = reference;
  const image = digest === undefined ? `${path}:${tag ?? 'latest'}` : `${path}@${digest}`;
  return { from: `registry ${domain}`, image, host: domain };
};

/** What the mirrors said, and the registry itself in the end. */
const mirrored = /\(Mirrors also failed: \[(.*)\]\): \S+: (.*)$/s;

/** The last line of a log that says what was fatal, without its frame. */
function wordsOf(text: string): string {
  const lines = text.trim().split('\n');
  const line = lines.findLast((one) => /level=(fatal|error)/.test(one)) ?? lines.at(-1) ?? '';
  const quoted = /msg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return (quoted === undefined ? line : unquoted(quoted)).replace(/^(exit code \d+: )/, '').trim();
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

/** What a saying begins with that everybody knows who has asked. */
const frames: readonly RegExp[] = [
  /^(Error )?(initializing (image from )?source|reading image|trying to reuse blob sha256:\w+ at destination:) \S+: /,
  /^writing blob: storing blob to file "[^"]*": happened during read: /,
  /^(docker:\/\/)?\S+: (?=(reading|pinging) )/,
  /^(reading manifest \S+ in \S+|pinging container registry \S+): /,
  /^(Get|Head) "[^"]*": /,
  /^dial tcp(:| \S+:) /,
  /^lookup \S+ on \S+: |^lookup \S+: |^connect: |^(net\/)?http: |^errors: */,
];

function bare(text: string): string {
  const frame = frames.find((one) => one.test(text));
  if (frame !== undefined) return bare(text.replace(frame, ''));
  // A code and its usual words, which are the same.
  return text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .replace(/^(.+): \1$/, '$1');
}
