import type { Api } from '../api.ts';

/** What reads need; kinds that are computed serve no more than this. */
export type ReadApi = Pick<Api, 'get' | 'list' | 'watch'>;
