/** Brings a packed source to the server, as a SourcePackage of the App. */

import { conditionOf } from '../../resources/condition.ts';
import { errorMessage } from '../../resources/errors.ts';
import type { App } from '../../resources/kf/app.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, type ObjectRef } from '../../resources/meta.ts';
import { generateName } from '../../resources/names.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { KfClient } from '../kf-client.ts';
import { Patience } from '../wait/patience.ts';
import { TransferProgress } from '../wait/transfer-progress.ts';
import { type SourceDigest, tarOf } from './archive.ts';
import type { SourcePackageContent } from './package-source.ts';

export interface UploadedSource {
  /** Counts the App's build requests. */
  readonly number: number;
  readonly name: string;
}

/** @throws CliError when the bytes do not arrive as they were announced */
export async function uploadSource(
  context: Context,
  client: KfClient,
  app: App,
  source: SourcePackageContent,
): Promise<UploadedSource> {
  const uploaded = await announce(client, app, source);
  const ref = { namespace: app.metadata.namespace!, name: uploaded.name };
  const began = context.clock.now();
  context.io.note(
    `[source upload] Uploading ${source.tree.what.toLowerCase()} ${source.tree.root} (size=${Math.ceil(source.size / 1024)}KiB)`,
  );
  try {
    await deliver(context, ref, source);
  } catch (error) {
    // Nothing refers to it yet.
    await client.delete(SourcePackage, ref).catch(() => undefined);
    throw new CliError(`failed to upload the source: ${explain(error)}`, { cause: error });
  }
  const seconds = (context.clock.now() - began) / 1000;
  context.io.note(`[source upload] Successfully uploaded source in ${seconds.toFixed(2)} seconds`);
  return uploaded;
}

/** How often an upload is begun anew: a connection that breaks every time is no accident. */
const mostAttempts = 5;

/** Sends it, and from the beginning again after the connection was lost, for as long as the server comes back. */
async function deliver(context: Context, ref: ObjectRef, source: SourcePackageContent): Promise<void> {
  const progress = new TransferProgress(context, '[source upload]', source.size);
  const patience = new Patience(context, 60_000);
  try {
    for (let attempts = 0; ; ) {
      try {
        const client = await context.connection({ mayStart: false });
        if (attempts > 0 && (await hasArrived(client, ref))) return;
        const isKept = await client.hasSource(source.sha256);
        patience.restored();
        attempts++;
        if (isKept) return await client.uploadExisting(ref);
        if (attempts > 1) context.io.note('[source upload] The connection was lost: it is sent again.');
        return await client.upload(ref, progress.count(tarOf(source.tree)), source.size);
      } catch (error) {
        if (attempts === mostAttempts) throw error;
        await patience.bear(error);
      }
    }
  } finally {
    progress.stop();
  }
}

/** Only the answer may have been lost. */
async function hasArrived(client: KfClient, ref: ObjectRef): Promise<boolean> {
  return conditionOf(await client.get(SourcePackage, ref), 'UploadReady')?.status === 'True';
}

function explain(error: unknown): string {
  const message = errorMessage(error);
  return /checksum does not match|expected \d+ bytes/.test(message)
    ? `${message}; files changed meanwhile, or the connection damaged them: push again`
    : message;
}

/** Makes the SourcePackage under the first free number: an interrupted push may have left one. */
export async function announce(client: KfClient, app: App, source: SourceDigest): Promise<UploadedSource> {
  const { name: appName, namespace } = app.metadata;
  for (let number = (app.spec.build.updateRequests ?? 0) + 1; ; number++) {
    const name = generateName(appName, String(number));
    try {
      await client.create(SourcePackage, {
        metadata: {
          name,
          namespace: namespace!,
          labels: { [labels.appName]: appName, [labels.managedBy]: 'kf' },
          ownerReferences: [controllerRef(app)],
        },
        spec: { size: source.size, checksum: { type: 'sha256', value: source.sha256 } },
      });
      return { number, name };
    } catch (error) {
      if (isNotFound(error)) throw new CliError(`App "${appName}" was deleted meanwhile`);
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
