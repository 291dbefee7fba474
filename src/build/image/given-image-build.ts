/**
 * Builds that take an image as it is. Having it may take minutes, so it goes on beside the controller; Tasks then run by
 * its digest, whatever becomes of the tag.
 */

import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { buildCredentials } from '../../client/pull-credentials.ts';
import { type Build, buildParams, paramOf } from '../../resources/kf/build.ts';
import { labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import type { BuildReports } from '../build-reports.ts';
import type { Builder, UploadedBuild } from '../builder.ts';
import { UnbuildableSourceError } from '../detect.ts';
import { type FetchListener, FetchProgress } from './fetch-progress.ts';
import { GivenImageError, type GivenImages } from './given-images.ts';

export interface GivenImageBuildOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly reports: BuildReports;
  readonly given: GivenImages;
  /** Has a Build looked at again. */
  readonly wake: (build: ObjectRef) => void;
}

interface Fetch {
  readonly progress: FetchProgress;
  outcome?: { readonly image: string } | { readonly error: unknown };
}

/** The archive's name in the uploaded source. */
const archiveFile = 'image.tar';

export class GivenImageBuild implements Builder {
  readonly #options: GivenImageBuildOptions;
  /** Under way, or ended and not told yet, by the Build's uid. */
  readonly #fetches = new Map<string, Fetch>();

  constructor(options: GivenImageBuildOptions) {
    this.#options = options;
  }

  /** Of a registry: nothing was uploaded. */
  async pull(build: Build): Promise<void> {
    const image = paramOf(build.spec, buildParams.image) ?? '';
    const { client, given } = this.#options;
    await this.#follow(build, `Pulling image ${image}`, async (listener) => {
      const credentials = await buildCredentials(client, build);
      return given.pull(image, { ...listener, ...(credentials === undefined ? {} : { credentials }) });
    });
  }

  /** Out of an uploaded archive, or the folder of an OCI layout. */
  async build({ build, staging }: UploadedBuild): Promise<void> {
    const { namespace, name, labels: own } = build.metadata;
    const source = sourceOf(paramOf(build.spec, buildParams.image) ?? '', staging.app);
    const repository = `${namespace}/${own?.[labels.appName] ?? name}`;
    const { given } = this.#options;
    await this.#follow(build, 'Loading the image', (listener) => given.load(source, repository, listener));
  }

  async tidy(uid: string): Promise<void> {
    this.#fetches.delete(uid);
  }

  async #follow(build: Build, what: string, fetch: (listener: FetchListener) => Promise<string>): Promise<void> {
    const { reports } = this.#options;
    const uid = build.metadata.uid ?? '';
    const known = this.#fetches.get(uid) ?? this.#start(build, fetch);
    const { outcome, progress } = known;
    if (outcome === undefined) {
      const phase = progress.words(what);
      return reports.progress(build, 'GettingImage', phase, phase);
    }
    if ('image' in outcome) return reports.succeed(build, { image: outcome.image });
    const { error } = outcome;
    if (error instanceof GivenImageError) return reports.fail(build, error.reason, error.message);
    this.#fetches.delete(uid);
    throw error;
  }

  #start(build: Build, fetch: (listener: FetchListener) => Promise<string>): Fetch {
    const { clock, wake } = this.#options;
    const uid = build.metadata.uid ?? '';
    const again = (): void => {
      if (this.#fetches.get(uid) === state) wake(refOf(build));
    };
    const state: Fetch = { progress: new FetchProgress(clock, again) };
    this.#fetches.set(uid, state);
    const { onProgress, onTrouble } = state.progress;
    void fetch({ onProgress, onTrouble }).then(
      (image) => {
        state.outcome = { image };
        again();
      },
      (error: unknown) => {
        state.outcome = { error };
        again();
      },
    );
    return state;
  }
}

/** @param form `oci`, `oci-archive` or `docker-archive`, each perhaps with `:NAME`. @throws UnbuildableSourceError */
function sourceOf(form: string, folder: string): string {
  const [, transport = '', name = ''] = /^(oci|oci-archive|docker-archive)(:[\w./:@-]+)?$/.exec(form) ?? [];
  if (transport === '') throw new UnbuildableSourceError(`${JSON.stringify(form)} is no form of an uploaded image`);
  return `${transport}:${transport === 'oci' ? folder : join(folder, archiveFile)}${name}`;
}
