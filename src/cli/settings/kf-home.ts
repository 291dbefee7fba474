/** The data directory of the embedded server, absolute. */

import { resolve } from 'node:path';

const usualHome = '/var/lib/kf';

export const kfHome = (env: NodeJS.ProcessEnv): string => resolve(env.KF_HOME || usualHome);
export const isUsualHome = (home: string): boolean => home === usualHome;
