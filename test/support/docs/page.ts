/** A page's code blocks, run one after the other. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, isShell, type Step, stepsOf } from './blocks.ts';
import { difference } from './compare.ts';
import { isComplete, PageShell } from './shell.ts';

export interface PageOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What stands in the page, and what it means here. */
  readonly means: Readonly<Record<string, string>>;
}

export class Page {
  readonly #options: PageOptions;
  readonly #shell: PageShell;

  constructor(options: PageOptions) {
    this.#options = options;
    this.#shell = new PageShell(options);
  }

  /** @throws Error naming the line, the command and what came */
  async run(block: Block): Promise<void> {
    const { cwd } = this.#options;
    if (block.file !== undefined) writeFileSync(join(cwd, block.file), `${this.#translate(block.text)}\n`);
    else if (!isShell(block)) throw new Error(`line ${block.line}: who tests this block? Mark it: file, or skip`);
    else {
      const steps = stepsOf(block, isComplete);
      for (const step of steps) await this.#step(step, step === steps.at(-1) ? (block.exit ?? 0) : 0);
    }
  }

  close(): void {
    this.#shell.close();
  }

  async #step({ line, command, output }: Step, expected: number): Promise<void> {
    const ran = await this.#shell.run(this.#translate(command));
    const what = `line ${line}: ${command}`;
    if (ran.code !== expected) throw new Error(`${what}\nexit code ${ran.code}, not ${expected}\n${ran.output}`);
    const unlike = output === undefined ? undefined : difference(this.#translate(output), ran.output);
    if (unlike !== undefined) throw new Error(`${what}\n${unlike}`);
  }

  #translate(text: string): string {
    return Object.entries(this.#options.means).reduce((all, [shown, meant]) => all.replaceAll(shown, meant), text);
  }
}
