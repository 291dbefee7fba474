/** What each member has in `users/NAME`: a token, which root keeps, and the kubeconfig with it, which is the member's. */

import { chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureToken, kubeconfigOf } from '../../apiserver/http/kubeconfig.ts';
import { exists } from '../../files/exists.ts';
import type { Member } from './members.ts';

export interface ServerAddress {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
}

const usersFolder = 'users';

export class MemberFiles {
  readonly #folder: string;
  readonly #address: ServerAddress;

  constructor(dataDir: string, address: ServerAddress) {
    this.#folder = join(dataDir, usersFolder);
    this.#address = address;
  }

  hasKubeconfig({ name }: Member): Promise<boolean> {
    return exists(join(this.#folder, name, 'kubeconfig'));
  }

  /** The member's token, made when there is none: kubeconfigs outlive the server. */
  async token({ name }: Member): Promise<string> {
    // Root's, so that nobody puts a link where root writes; to be passed through, so that a member gets to his file.
    for (const folder of [this.#folder, join(this.#folder, name)])
      await mkdir(folder, { mode: 0o711, recursive: true });
    return ensureToken(join(this.#folder, name, 'token'));
  }

  /** In one step: whoever reads it has it whole. */
  async writeKubeconfig({ name, uid }: Member, token: string, namespace: string): Promise<void> {
    const file = join(this.#folder, name, 'kubeconfig');
    const part = `${file}.tmp`;
    await rm(part, { force: true });
    await writeFile(part, kubeconfigOf({ ...this.#address, token, namespace }), { mode: 0o400 });
    await chown(part, uid, 0);
    await rename(part, file);
  }

  /** Takes away what belongs to nobody of these. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    const found = await readdir(this.#folder).catch(() => []);
    for (const name of found) if (!names.has(name)) await rm(join(this.#folder, name), { recursive: true });
  }
}
