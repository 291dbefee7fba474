/** `--from-file` of `create-job` and `update-job`: the TaskRun or PipelineRun that a Job carries. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { unreadable } from '../unreadable.ts';

type Spec = TaskSchedule['spec'];
export type RunTemplate = Pick<Spec, 'taskRunTemplate' | 'pipelineRunTemplate'>;

interface Manifest {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

/** @throws CliError that names the file and what is wrong with it */
export async function readRunFile(context: Context, path: string): Promise<RunTemplate> {
  const fail = (why: string): never => {
    throw new CliError(`--from-file ${path}: ${why}`);
  };
  const text = await readFile(resolve(context.cwd, path), 'utf8').catch((error) => {
    throw new CliError(`--from-file: ${unreadable(path, error)}`);
  });
  const yaml = await import('yaml');
  const documents = yaml.parseAllDocuments(text);
  const found = (Array.isArray(documents) ? documents : []).filter((document) => document.contents !== null);
  const [document] = found;
  if (document === undefined) return fail('it is empty; a TaskRun or PipelineRun of tekton.dev/v1 is expected');
  const [mistake] = found.flatMap(({ errors }) => errors);
  if (mistake !== undefined) return fail(mistake.message.split('\n')[0] ?? 'it is no YAML');
  if (found.length > 1) return fail(`it holds ${found.length} documents; one is expected`);
  return templateOf(document.toJS() as Manifest, fail);
}

function templateOf(manifest: Manifest, fail: (why: string) => never): RunTemplate {
  const { apiVersion, kind, metadata, spec } = manifest ?? {};
  if (kind !== 'TaskRun' && kind !== 'PipelineRun')
    return fail(`kind ${JSON.stringify(kind ?? '')}: a Job carries a TaskRun or a PipelineRun`);
  if (apiVersion !== 'tekton.dev/v1')
    return fail(`apiVersion ${JSON.stringify(apiVersion ?? '')}: it must be tekton.dev/v1`);
  if (typeof spec !== 'object' || spec === null) return fail('it has no spec');
  const { labels, annotations } = metadata ?? {};
  const kept = { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
  const template = { ...(Object.keys(kept).length === 0 ? {} : { metadata: kept }), spec: spec as never };
  return kind === 'TaskRun' ? { taskRunTemplate: template } : { pipelineRunTemplate: template };
}
