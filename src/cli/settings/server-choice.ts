/** Which server a command talks to. */

import { join, resolve } from 'node:path';
import { ownSpace } from '../server/own-kubeconfig.ts';
import { kfHome } from './kf-home.ts';
import { homeOf, type Settings } from './settings-file.ts';

export type ServerChoice =
  | { readonly kind: 'embedded'; readonly home: string }
  | { readonly kind: 'kubeconfig'; readonly path: string; readonly context?: string };

export interface ChoiceFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Flags, $KUBECONFIG, the saved server, the embedded one: in this order. ~/.kube/config alone selects nothing. */
export function chooseServer(flags: ChoiceFlags, env: NodeJS.ProcessEnv, settings: Settings): ServerChoice {
  const home = kfHome(env);
  const usual = env.KUBECONFIG || join(homeOf(env), '.kube/config');
  if (flags.kubeconfig !== undefined || flags.context !== undefined)
    return recognise(home, flags.kubeconfig ?? usual, flags.context);
  if (env.KUBECONFIG) return recognise(home, env.KUBECONFIG);
  if (settings.server !== undefined) return recognise(home, settings.server.kubeconfig, settings.server.context);
  return { kind: 'embedded', home };
}

/** The embedded server's own kubeconfig means the embedded server, with all that belongs to it. */
function recognise(home: string, path: string, context?: string): ServerChoice {
  const isOurs = resolve(path) === join(home, 'kubeconfig') || resolve(path).startsWith(join(home, 'users/'));
  if (isOurs && context === undefined) return { kind: 'embedded', home };
  return { kind: 'kubeconfig', path, ...(context === undefined ? {} : { context }) };
}

/** Names a server in the settings. */
export const serverKey = (choice: ServerChoice): string =>
  choice.kind === 'embedded' ? `embedded:${choice.home}` : `${choice.path}#${choice.context ?? ''}`;

/**
 * The targeted Space: the flag, the one remembered for this server, else the user's own or `dev` (embedded), or Kf's own
 * setting.
 */
export function chooseSpace(choice: ServerChoice, settings: Settings, flag: string | undefined): string | undefined {
  const remembered = flag ?? settings.spaces?.[serverKey(choice)];
  return remembered ?? (choice.kind === 'embedded' ? (ownSpace(choice.home) ?? 'dev') : settings.space);
}
