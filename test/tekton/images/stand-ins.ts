/**
 * Stand-ins for well-known images, in a registry of this machine. They are made once, of Debian's packages, and kept
 * outside of the repository: in `$XDG_CACHE_HOME/kf-tasks/stand-ins`, a folder for each state of the recipes.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeImage } from '../../support/oci-image.ts';
import { Registry } from '../../support/registry.ts';
import { makeDebianRoot } from './debian-root.ts';
import { recipeOf, wordsOf } from './recipes.ts';

/** The tag that all of them have: one other than `latest` is not asked for again and again. */
const tag = 'stand-in';

export class StandIns {
  readonly #folder: string;
  readonly #registry: Registry;

  private constructor(folder: string, registry: Registry) {
    this.#folder = folder;
    this.#registry = registry;
  }

  static async start(): Promise<StandIns> {
    const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kf-tasks/stand-ins');
    const folder = join(cache, stateOfRecipes());
    mkdirSync(folder, { recursive: true });
    return new StandIns(folder, await Registry.start({ data: join(folder, 'registry') }));
  }

  stop(): Promise<void> {
    return this.#registry.stop();
  }

  /**
   * Where the stand-in for an image is, as an alias's target; it is made when it is not there.
   * @param name without tag and digest
   * @returns undefined where no recipe is known
   */
  async of(name: string): Promise<string | undefined> {
    const words = wordsOf(name);
    if (words === undefined) return undefined;
    const repository = `stand-in/${words.join('-')}`;
    const made = join(this.#folder, `${words.join('-')}.made`);
    if (!existsSync(made)) {
      console.error(`Making the stand-in ${words.join('-')} of Debian's packages, once.`);
      await this.#make(words, `${repository}:${tag}`);
      writeFileSync(made, '');
    }
    return `${this.#registry.host}/${repository}:${tag}`;
  }

  async #make(words: readonly string[], name: string): Promise<void> {
    const work = join(this.#folder, 'work');
    rmSync(work, { recursive: true, force: true });
    const recipe = recipeOf(words);
    await makeDebianRoot(join(work, 'root'), recipe, join(this.#folder, '../packages'));
    // Owners are written as they are: only root makes stand-ins.
    const tar = execFileSync('tar', ['-C', join(work, 'root'), '--sort=name', '--numeric-owner', '-c', '.'], {
      maxBuffer: 2 ** 30,
    });
    await makeImage(join(work, 'image'), { layers: [tar], config: recipe.config ?? {} });
    this.#registry.push(join(work, 'image'), name);
    rmSync(work, { recursive: true, force: true });
  }
}

function stateOfRecipes(): string {
  const hash = createHash('sha256');
  for (const file of ['recipes.ts', 'debian-root.ts', 'stand-ins.ts'])
    hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest('hex').slice(0, 12);
}
