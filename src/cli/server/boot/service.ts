/** What starts at boot: the server's command line and its environment. Pure. */

import { settingNames, settingOf } from '../../../resources/server-config/settings.ts';
import { type ServerProgram, serverEnvironment } from '../program.ts';

export interface Service {
  /** The data directory, absolute. */
  readonly home: string;
  /** Node.js, its flags, the server's program, `run`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What of the environment decides how the server works; it is written down when the server is enabled. */
const kept = ['KF_HOME', ...settingNames.flatMap((name) => settingOf(name).env ?? [])];

/** cron gives less than the server's helpers need. */
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function serviceOf(home: string, node: string, program: ServerProgram, env: NodeJS.ProcessEnv): Service {
  const settings = kept.map((name) => [name, name === 'KF_HOME' && env.KF_HOME ? home : (env[name] ?? '')] as const);
  return {
    home,
    argv: [node, ...program.argv, 'run'],
    env: Object.fromEntries([
      ['PATH', path],
      ...Object.entries(serverEnvironment),
      ...settings.filter(([, value]) => value !== ''),
    ]),
  };
}
