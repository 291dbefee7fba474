/** The node's files as the API server asks for them. */

import type { FileQuery, FileSource } from '../../client/files.ts';
import type { NodeContext } from '../context.ts';
import { taskFiles } from './task-files.ts';
import { volumeFiles } from './volume-files.ts';

export const nodeFiles = (context: NodeContext): FileSource => ({
  read: (query: FileQuery) =>
    query.kind === 'Task' ? taskFiles(context, query) : volumeFiles(context.client, context.claims, query),
});
