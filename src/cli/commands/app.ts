import { App } from '../../resources/kf/app.ts';
import { getApp } from '../apps/find-app.ts';
import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { withoutSecrets } from '../secrets.ts';

export const app = defineCommand<OutputFlag & { readonly show?: boolean }>({
  usage: 'app APP_NAME',
  group: 'App Management:',
  summary: 'Show everything about one App',
  examples: ['kf app report', 'kf app report --show', 'kf app report -o yaml'],
  args: 1,
  flags: (command) => outputFlag(command).option('--show', 'print values that may be secret, too'),
  async run(context, [name], { output, show }) {
    context.dataOnly = output !== undefined;
    const session = await context.session();
    const found = await getApp(session, name!);
    if (output !== undefined) {
      const { formatObject } = await import('../output/objects.ts');
      return context.io.out(await formatObject(output, App, show ? found : withoutSecrets(found)));
    }
    const { describeApp } = await import('../apps/describe-app.ts');
    await describeApp(context, session, found, show === true);
  },
});
