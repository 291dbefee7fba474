/** Why an image could not be had, in the registry's words, and whether it is worth asking again. Pure. */

import { CommandError } from '../host/run-command.ts';

/** Kubernetes' reasons. */
export type PullReason = 'ErrImagePull' | 'InvalidImageName';

export class PullError extends Error {
  override readonly name = 'PullError';
  constructor(
    message: string,
    /** `fact`: the answer will not be another one; `damaged`: it may, once; `passing`: nobody has answered. */
    readonly kind: 'fact' | 'damaged' | 'passing',
    readonly reason: PullReason = 'ErrImagePull',
    /** The bare words. */
    readonly said: string = message,
  ) {
    super(message);
  }
}

/** What a registry says, or skopeo, that asking again does not change. */
const facts: readonly RegExp[] = [
  /manifest unknown|name unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN|not found: manifest/i,
  /unauthorized|authentication required|invalid username\/password|unable to retrieve auth token|access (to the resource )?is denied|\bdenied\b|StatusCode: 40[134]/i,
  /no image found in (manifest list|image index)|unsupported (schema|manifest|media|MIME|image)|Unknown media type/i,
  /server gave HTTP response to HTTPS client|x509:|tls: (failed to verify|bad certificate|unknown)/i,
  /open .*: no such file or directory|does not (contain|exist)|not an OCI|multiple images|no descriptor found|unexpected end of JSON/i,
  /archive\/tar|invalid tar header|isn't a tar|Error loading tar|file "(manifest|index)\.json" not found|error detecting compression/i,
];
const passingFirst = /toomanyrequests|too many requests|429|StatusCode: 5\d\d|i\/o timeout/i;
const damage =
  /digest did not match|does not match (expected|config)|unexpected EOF|gzip: invalid|invalid (checksum|header)|flate: corrupt/i;

export function pullErrorOf(error: unknown): PullError {
  if (error instanceof PullError) return error;
  const said = error instanceof CommandError ? wordsOf(error.reason) : (error as Error).message;
  if (passingFirst.test(said)) return new PullError(said, 'passing');
  if (damage.test(said))
    return new PullError(`what the registry sent is damaged: ${said}`, 'damaged', 'ErrImagePull', said);
  const kind = facts.some((fact) => fact.test(said)) ? 'fact' : 'passing';
  return new PullError(advice(said), kind);
}

/** The last line of a log that says what was fatal, without its frame and without what everybody knows. */
function wordsOf(text: string): string {
  const lines = text.trim().split('\n');
  const line = lines.findLast((one) => /level=(fatal|error)/.test(one)) ?? lines.at(-1) ?? '';
  const quoted = /msg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return (quoted === undefined ? line : unquoted(quoted))
    .replace(/^(exit code \d+: )/, '')
    .replace(/^(Error )?(initializing source|reading image|trying to reuse blob sha256:\w+ at destination:) \S+: /, '')
    .replace(/^writing blob: storing blob to file "[^"]*": happened during read: /, '')
    .trim();
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

/** Facts that the administrator may change. */
function advice(said: string): string {
  if (/server gave HTTP response to HTTPS client/.test(said))
    return `${said} (a registry without TLS: sudo kf configure-server set-registry HOST --insecure)`;
  if (/x509:/.test(said)) return `${said} (sudo kf configure-server set-registry HOST --ca FILE makes it trusted)`;
  return said;
}
