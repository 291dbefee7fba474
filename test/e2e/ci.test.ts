/** The pipelines of docs/ci.md: their shell lines, as the two CI systems run them. */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { blocksOf } from '../support/docs/blocks.ts';
import { Kf } from '../support/kf.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sudo = join(root, 'test/support/docs/bin');

interface Pipeline {
  /** Until the first that fails, each as a script of its own. */
  readonly steps: readonly string[];
  /** In any case, afterwards. */
  readonly always: readonly string[];
}

interface Workflow {
  readonly jobs: { readonly report: { readonly steps: readonly { readonly run?: string; readonly if?: string }[] } };
}

interface GitLabFile {
  readonly report: Readonly<Record<'before_script' | 'script' | 'after_script', readonly string[]>>;
}

const [github, gitlab] = blocksOf(readFileSync(join(root, 'docs/ci.md'), 'utf8'))
  .filter(({ language }) => language === 'yaml')
  .map(({ text }) => parse(text) as unknown);

const pipelines: Readonly<Record<string, Pipeline>> = {
  'GitHub Actions': fromWorkflow(github as Workflow),
  'GitLab CI': fromGitLab(gitlab as GitLabFile),
};

function fromWorkflow({ jobs }: Workflow): Pipeline {
  const runs = jobs.report.steps.flatMap((step) => (step.run === undefined ? [] : [{ ...step, run: step.run }]));
  return {
    steps: runs.filter((step) => step.if !== 'always()').map(({ run }) => run),
    always: runs.filter((step) => step.if === 'always()').map(({ run }) => run),
  };
}

/** GitLab runs the first two as one script. */
function fromGitLab({ report: { before_script, script, after_script } }: GitLabFile): Pipeline {
  return { steps: [[...before_script, ...script].join('\n')], always: [after_script.join('\n')] };
}

/** Both have the shell end at the first command that fails. `/usr/local/bin` is the job's own here. */
function shellLines({ steps, always }: Pipeline): string {
  const asScript = (text: string): string => `bash -eo pipefail -c ${quote(text)}`;
  return [
    'cp -a /usr/local/bin/. own-bin && mount --bind own-bin /usr/local/bin',
    `(${steps.map(asScript).join(' && ')}); code=$?`,
    ...always.map(asScript),
    'kf-tasks/bin/kf server uninstall --yes >/dev/null 2>&1',
    'exit $code',
  ].join('\n');
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Runs a pipeline in a checkout of its own. */
async function run(pipeline: Pipeline, program: (original: string) => string) {
  const kf = await Kf.create();
  try {
    cpSync(join(root, 'examples/etl'), join(kf.home, 'report'), { recursive: true });
    const etl = join(kf.home, 'report/etl.mjs');
    writeFileSync(etl, program(readFileSync(etl, 'utf8')));
    symlinkSync(root, join(kf.home, 'kf-tasks'));
    mkdirSync(join(kf.home, 'own-bin'));
    chmodSync(kf.home, 0o755);
    const result = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', shellLines(pipeline)], {
      cwd: kf.home,
      env: { ...kf.env, PATH: `${sudo}:/usr/local/bin:${kf.env.PATH}` },
      encoding: 'utf8',
    });
    const log = readFileSync(join(kf.home, 'report.log'), 'utf8');
    return { code: result.status, output: result.stdout + result.stderr, log };
  } finally {
    await kf.remove();
  }
}

test.each(Object.keys(pipelines))('%s: the job succeeds with the task, and keeps its log', async (name) => {
  const { code, output, log } = await run(pipelines[name]!, (original) => original);
  expect(code, output).toBe(0);
  expect(output).toContain('extracted 312 zones of 249 countries');
  expect(log).toContain('extracted 312 zones of 249 countries');
});

test('GitLab CI: the job fails with the code of the task, and keeps its log all the same', async () => {
  const { code, output, log } = await run(pipelines['GitLab CI']!, () => 'console.log("no zones"); process.exit(7);\n');
  expect(code, output).toBe(7);
  expect(output).toContain('failed: exit code 7');
  expect(log).toContain('no zones');
});
