import { App } from '../../resources/kf/app.ts';
import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { printList } from '../output/listing.ts';
import { withoutSecrets } from '../secrets.ts';
import { requireSpace } from '../spaces/find-space.ts';

export const apps = defineCommand<OutputFlag>({
  usage: 'apps',
  aliases: ['a'],
  group: 'App Management:',
  summary: 'List the Apps of the Space',
  examples: ['kf apps', 'kf apps -o name'],
  flags: outputFlag,
  async run(context, _, { output }) {
    const session = await context.session();
    await printList(context, session.client, {
      kind: App,
      options: { namespace: session.space },
      ...(output === undefined ? {} : { output }),
      present: withoutSecrets,
      title: `Listing Apps in Space: ${session.space}`,
      whenEmpty: () => requireSpace(session),
    });
  },
});
