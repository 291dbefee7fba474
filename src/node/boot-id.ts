/** Names this boot of the machine. */

import { readFileSync } from 'node:fs';

export const readBootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
