/** skopeo on our own storage: nothing of the machine's configuration, nor of anybody's home, has a say in what it does. */

import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageSettings, noImageSettings } from '../../resources/image-settings.ts';
import type { RunCommand } from '../host/run-command.ts';
import { findProgram } from '../runtime/find-programs.ts';
import { certificatesOf, registriesConf } from './registries-conf.ts';
import {
  policyJson,
  type StorageDriver,
  type StorageFolders,
  storageConf,
  storageEnvironment,
} from './storage-config.ts';

/** skopeo, or what it is used for, is not on this machine. */
export class ImageToolsMissing extends Error {
  override readonly name = 'ImageToolsMissing';
  constructor(readonly packages: readonly string[]) {
    super(
      `images need ${packages.join(' and ')}, which this machine does not have; install with: ` +
        `apt-get install -y --no-install-recommends ${packages.join(' ')} (or: kf doctor --fix)`,
    );
  }
}

export interface SkopeoOptions extends StorageFolders {
  readonly run: RunCommand;
  /** The administrator's, as they are now. Default: none. */
  readonly settings?: () => Promise<ImageSettings>;
}

export class Skopeo {
  readonly #options: SkopeoOptions;

  constructor(options: SkopeoOptions) {
    this.#options = options;
  }

  /** @param driver of the storage @throws ImageToolsMissing, CommandError */
  async run(driver: StorageDriver, args: readonly string[], options?: Parameters<RunCommand>[2]): Promise<string> {
    const program = findProgram('skopeo');
    if (program === undefined) throw new ImageToolsMissing(['skopeo']);
    await this.configure(driver);
    const { configDirectory } = this.#options;
    const environment = Object.entries(storageEnvironment(this.#options)).map(([name, value]) => `${name}=${value}`);
    // It does not read the variables for these two files.
    const files = [
      '--policy',
      join(configDirectory, 'policy.json'),
      '--registries-conf',
      join(configDirectory, 'registries.conf'),
    ];
    return this.#options.run('env', [...environment, program, ...files, ...args], options);
  }

  /** Writes its files, as the administrator wants them now. */
  async configure(driver: StorageDriver): Promise<void> {
    const { configDirectory, settings } = this.#options;
    const wanted = (await settings?.()) ?? noImageSettings;
    mkdirSync(configDirectory, { recursive: true, mode: 0o700 });
    const files = {
      'storage.conf': storageConf(this.#options, driver),
      'policy.json': policyJson,
      'registries.conf': registriesConf(wanted),
    };
    for (const [name, text] of Object.entries(files)) {
      const file = join(configDirectory, name);
      // Whole at any moment: others read it.
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    }
    const certificates = join(configDirectory, '.config/containers/certs.d');
    rmSync(certificates, { recursive: true, force: true });
    for (const [host, ca] of certificatesOf(wanted)) {
      mkdirSync(join(certificates, host), { recursive: true });
      symlinkSync(ca, join(certificates, host, 'ca.crt'));
    }
  }
}
