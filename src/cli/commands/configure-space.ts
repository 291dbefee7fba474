/** `kf configure-space`: one subcommand per setting, each declared in `cli/configure-space`. */

import type { CommandFile } from '../command.ts';
import { environment } from '../configure-space/env.ts';

export const configureSpace: readonly CommandFile[] = [...environment];
