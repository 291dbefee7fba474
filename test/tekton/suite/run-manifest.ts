/** Creates what a file says in a namespace of its own, and waits for its runs by watching them. */

import { execFile } from 'node:child_process';
import type { HttpClient } from '../../../src/client/http/http-client.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { isNotFound } from '../../../src/resources/status.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { inNamespace, type Manifest } from './manifest.ts';
import { faultOf, type Run } from './verdict.ts';

export interface RunManifestOptions {
  readonly client: HttpClient;
  /** File for kubectl. */
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Milliseconds for all its runs together. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Leaves the namespace with all that is in it. */
  readonly keep?: boolean;
}

export interface Outcome {
  readonly result: 'passed' | 'failed';
  /** Of one that failed. */
  readonly reason?: string;
  /** The last lines of the logs of the TaskRuns that failed. */
  readonly log?: string;
}

const kinds = { taskrun: TaskRun, pipelinerun: PipelineRun } as const;

export async function runManifest(manifest: Manifest, options: RunManifestOptions): Promise<Outcome> {
  const { client, namespace, timeout, keep } = options;
  await client.create(Namespace, { metadata: { name: namespace } });
  try {
    const created = await kubectl(options, ['create', '-n', namespace, '-f', '-', '-o', 'name'], manifest);
    if (created.error !== undefined) return { result: 'failed', reason: created.error };
    const runs = [...created.output.matchAll(/^(taskrun|pipelinerun)\.tekton\.dev\/(\S+)$/gm)];
    if (runs.length === 0) return { result: 'failed', reason: 'it makes no run' };
    const limit = AbortSignal.timeout(timeout);
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
    const ended = await Promise.all(
      runs.map(([, kind, name]) => untilOver(client, kinds[kind as keyof typeof kinds], namespace, name!, signal)),
    );
    const faults = ended.map((run) =>
      isFinal(run)
        ? faultOf(run)
        : `${run.kind} ${run.metadata.name} did not end ${limit.aborted ? `within ${timeout / 1000} s` : 'before this was stopped'}: ${standing(run)}`,
    );
    const reason = faults.filter((fault) => fault !== undefined).join('; ');
    if (reason === '') return { result: 'passed' };
    return { result: 'failed', reason, log: await failedLogs(client, namespace) };
  } finally {
    if (!keep) await client.delete(Namespace, { name: namespace });
  }
}

function standing(run: Run): string {
  const { reason, message } = conditionOf(run, 'Succeeded') ?? {};
  return `${reason ?? 'no condition'}: ${message ?? ''}`;
}

/** The run when it is over, or as it was when the time was. */
async function untilOver(
  client: HttpClient,
  kind: typeof TaskRun | typeof PipelineRun,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Run> {
  for (;;) {
    const run = (await client.get(kind as typeof TaskRun, { namespace, name })) as Run;
    if (isFinal(run) || signal.aborted) return run;
    const { resourceVersion } = run.metadata;
    const options = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion, signal };
    for await (const { object } of client.watch(kind as typeof TaskRun, options)) if (isFinal(object)) return object;
  }
}

async function failedLogs(client: HttpClient, namespace: string): Promise<string> {
  const { items } = await client.list(TaskRun, { namespace });
  const failed = items.filter((run) => conditionOf(run, 'Succeeded')?.status !== 'True');
  const logs = failed.map(async (run) => {
    let text = '';
    try {
      for await (const chunk of client.runLog(TaskRun, { namespace, name: run.metadata.name })) text += chunk;
    } catch (error) {
      if (!isNotFound(error)) text = `(its log could not be read: ${(error as Error).message})`;
    }
    const lines = text.trimEnd().split('\n').slice(-12);
    return [`TaskRun ${run.metadata.name}: ${standing(run)}`, ...lines.map((line) => `  ${line}`)].join('\n');
  });
  return (await Promise.all(logs)).join('\n');
}

function kubectl(
  { kubeconfig, namespace }: RunManifestOptions,
  args: readonly string[],
  manifest: Manifest,
): Promise<{ readonly output: string; readonly error?: string }> {
  return new Promise((resolve) => {
    const child = execFile('kubectl', ['--kubeconfig', kubeconfig, ...args], (error, output, said) =>
      resolve(error === null ? { output } : { output, error: said.trim() || error.message }),
    );
    child.stdin!.end(inNamespace(manifest, namespace));
  });
}
