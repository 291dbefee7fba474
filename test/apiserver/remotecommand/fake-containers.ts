/** Containers whose commands are functions of this process: what they read, write and hear is in the test's hands. */

import { PassThrough } from 'node:stream';
import type {
  Containers,
  ExecProcess,
  ExecRequest,
  PreparedExec,
  TerminalSize,
} from '../../../src/client/containers.ts';

export class FakeProcess implements ExecProcess {
  readonly stdin: PassThrough | undefined;
  readonly stdout: PassThrough | undefined;
  readonly stderr: PassThrough | undefined;
  readonly sizes: TerminalSize[] = [];
  readonly exitCode: Promise<number>;
  /** Resolves when it was told to end. */
  readonly ended: Promise<void>;
  exit!: (code: number) => void;
  fail!: (error: Error) => void;
  #onEnd!: () => void;

  constructor(readonly request: ExecRequest) {
    this.stdin = request.stdin ? new PassThrough() : undefined;
    this.stdout = request.stdout ? new PassThrough() : undefined;
    this.stderr = request.stderr ? new PassThrough() : undefined;
    this.exitCode = new Promise((resolve, reject) => {
      this.exit = resolve;
      this.fail = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
  }

  resize(size: TerminalSize): void {
    this.sizes.push(size);
  }

  end(): void {
    this.#onEnd();
    this.finish(137);
  }

  /** Its output ends, and so does it. */
  finish(code: number): void {
    this.stdout?.end();
    this.stderr?.end();
    this.exit(code);
  }
}

export class FakeContainers implements Containers {
  /** Places that are held. */
  held = 0;
  refuse: Error | undefined;
  /** What connections lead to. */
  connect: Containers['connect'] = async () => {
    throw new Error('nothing listens');
  };
  readonly #program: (process: FakeProcess) => void;

  constructor(program: (process: FakeProcess) => void) {
    this.#program = program;
  }

  async prepareExec(request: ExecRequest): Promise<PreparedExec> {
    if (this.refuse !== undefined) throw this.refuse;
    this.held++;
    return {
      start: () => {
        const process = new FakeProcess(request);
        this.#program(process);
        return process;
      },
      release: () => {
        this.held--;
      },
    };
  }
}
