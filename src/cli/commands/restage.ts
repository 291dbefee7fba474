import { defineCommand } from '../command.ts';

export const restage = defineCommand({
  usage: 'restage APP_NAME',
  aliases: ['rg'],
  group: 'App Management:',
  summary: "Build the App's image again, of the source of its last push",
  details:
    'Dependencies are installed anew, whatever earlier builds have left. Of use for what a push of unchanged source does not see, like newer versions of packages that no lock file pins. While it builds, and when the build fails, the last good image stays in use.',
  examples: ['kf restage report'],
  args: 1,
  async run(context, [name]) {
    const { restage: action } = await import('../push/restage.ts');
    await action(context, name!);
  },
});
