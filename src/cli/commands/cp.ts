import { checked, defineCommand } from '../command.ts';
import type { CopyFlags } from '../copy/copy-action.ts';
import { size } from '../flags.ts';

export const cp = defineCommand<CopyFlags>({
  usage: 'cp {APP_NAME TASK_ID:PATH | SERVICE_NAME:PATH} DESTINATION',
  group: 'Tasks:',
  summary: 'Copy a file or folder out of a running Task, or out of a volume',
  details:
    "A Task's files go when it ends: what shall stay belongs on a volume, which can be read at any time. PATH is relative to /home/vcap/app, or to the volume's root. Links stay links.",
  examples: [
    'kf cp report 7:out/sales.csv .',
    'kf cp report 7:/tmp/cache ./cache',
    'kf cp backups:monday.dump ./monday.dump',
    'kf cp backups:/ ./all',
  ],
  args: [2, 3],
  flags: (command) =>
    command.option('--limit <SIZE>', 'content after which the copy is given up; default: 10G', checked(size)),
  async run(context, args, flags) {
    const { copyAction } = await import('../copy/copy-action.ts');
    await copyAction(context, args, flags);
  },
});
