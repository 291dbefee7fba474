/** Requests that kubectl 1.32.5 sent, command by command. `{rv}`, `{uid}`, `{hash}` stand for what the server had given out. */

import recorded from './fixtures/kubectl-1.32.json' with { type: 'json' };

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: string;
  /** A body of bytes. */
  readonly base64?: string;
}

export interface RecordedCommand {
  readonly command: string;
  readonly requests: readonly RecordedRequest[];
}

export const recordedCommands: readonly RecordedCommand[] = recorded;
