/** `--node-label` of the commands that start the server: kept in its settings, and in force at once. */

import { Node } from '../../resources/core/kinds.ts';
import { ownNodes } from '../../resources/core/node-room.ts';
import { errorMessage } from '../../resources/errors.ts';
import { annotations } from '../../resources/labels.ts';
import type { Labels } from '../../resources/selector.ts';
import { settings } from '../../resources/server-config/settings.ts';
import { readConfigFile, writeSetting } from '../configure-server/config-file.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { kfHome } from '../settings/kf-home.ts';
import { requireRoot } from './as-root.ts';

export interface NodeLabelFlags {
  readonly nodeLabel?: readonly string[];
}

/** Adds labels to those that are set. To be called before the server starts. @throws CliError naming what is none */
export async function keepNodeLabels({ env }: Context, { nodeLabel = [] }: NodeLabelFlags): Promise<void> {
  if (nodeLabel.length === 0) return;
  const { type } = settings.nodeLabels;
  let labels: Labels;
  try {
    labels = type.read(type.fromWords!(nodeLabel));
  } catch (error) {
    throw new CliError(`--node-label ${errorMessage(error)}, not ${JSON.stringify(nodeLabel.join(' '))}`);
  }
  requireRoot('start', env);
  const home = kfHome(env);
  const before = (readConfigFile(home).values.get('nodeLabels')?.value ?? {}) as Labels;
  await writeSetting(home, 'nodeLabels', { ...before, ...labels });
}

/** For a server that ran already: at its next start it does this by itself. */
export async function labelNode(context: Context, { nodeLabel = [] }: NodeLabelFlags): Promise<void> {
  if (nodeLabel.length === 0) return;
  const embedded = context.forEmbedded();
  const labels = (readConfigFile(kfHome(context.env)).values.get('nodeLabels')?.value ?? {}) as Labels;
  const names = Object.keys(labels).sort().join(',');
  try {
    const client = await embedded.connection({ mayStart: false });
    for (const { metadata } of (await client.list(Node, { labelSelector: ownNodes })).items)
      await client.patch(
        Node,
        { name: metadata.name },
        {
          type: 'merge',
          body: { metadata: { labels, annotations: { [annotations.nodeLabels]: names } } },
        },
      );
  } finally {
    embedded.close();
  }
}
