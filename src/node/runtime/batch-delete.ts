/** Deletes containers, those that end together by one program: starting one from here costs as much as a deletion. */

import { run } from './exec.ts';

/** Prints `ID MESSAGE` for each container that could not be deleted. */
const script =
  'runtime=$1 root=$2; shift 2; for id do text=$("$runtime" --root "$root" delete --force "$id" 2>&1) || echo "$id" $text; done';

interface Request {
  readonly id: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class BatchDelete {
  readonly #path: string;
  readonly #root: string;
  #waiting: Request[] = [];
  #running = 0;

  constructor(path: string, root: string) {
    this.#path = path;
    this.#root = root;
  }

  /** @throws Error with the runtime's words */
  delete(id: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      setImmediate(() => void this.#next());
    });
  }

  async #next(): Promise<void> {
    if (this.#running >= atATime || this.#waiting.length === 0) return;
    this.#running++;
    const batch = this.#waiting.splice(0, largestBatch);
    const ids = batch.map(({ id }) => id);
    const { code, stdout, stderr } = await run('/bin/sh', ['-c', script, 'sh', this.#path, this.#root, ...ids]);
    const failures = new Map(stdout.split('\n').map((line) => [line.split(' ', 1)[0], line]));
    for (const { id, resolve, reject } of batch) {
      const failure = failures.get(id);
      if (code === 0 && failure === undefined) resolve();
      else reject(new Error(failure ?? stderr));
    }
    this.#running--;
    void this.#next();
  }
}

const atATime = 2;
const largestBatch = 16;
