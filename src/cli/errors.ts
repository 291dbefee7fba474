/** Errors that a user sees, and what else may be useful to him. */

import { errorCode } from '../resources/errors.ts';

/** A command that may help next: `Description: command`. */
export interface Tip {
  readonly description: string;
  readonly command: string;
}

export interface CliErrorOptions {
  readonly tips?: readonly Tip[];
  /** Overrides 1 (or 125 with --wait). */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/** Something that the user can understand and act upon; printed without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly tips: readonly Tip[];
  readonly exitCode: number | undefined;

  constructor(message: string, { tips = [], exitCode, cause }: CliErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.tips = tips;
    this.exitCode = exitCode;
  }
}

/** Ends the command with this code; everything that is to be said has been said. */
export class Exit extends Error {
  override readonly name = 'Exit';
  constructor(readonly exitCode: number) {
    super(`exit ${exitCode}`);
  }
}

/** The server is not there; a command that has talked to it before may try again. */
export class UnreachableError extends CliError {}

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Whether a request failed because the server could not be reached, as opposed to an answer of the server. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof UnreachableError || error.name === 'ConnectionError') return true;
  if (error.name === 'StatusError') return (error as { code?: unknown }).code === 503;
  const code = errorCode(error);
  return (
    (code !== undefined && unreachableCodes.has(code)) || (error.cause !== undefined && isUnreachable(error.cause))
  );
}
