import type { Api } from '../api.ts';

/** What reads need; kinds that are computed serve no more than this. */
export type ReadApi = Pick<Api, 'get' | 'list' | 'watch'>;

/** What a stored kind serves. */
export type StoredApi = ReadApi & Pick<Api, 'create' | 'update' | 'patch' | 'apply' | 'delete'>;
