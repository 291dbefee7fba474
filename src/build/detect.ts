/** What a source needs to become an image on the host stack: dependencies, start command. Pure. */

import { createHash } from 'node:crypto';
import { errorMessage } from '../resources/errors.ts';

/** The few files of a source that decide; absent ones are undefined. */
export interface SourceFiles {
  readonly packageJson?: string;
  readonly packageLock?: string;
  readonly requirements?: string;
  readonly pyproject?: string;
  readonly procfile?: string;
  readonly npmrc?: string;
  /** Whether `bin/build` is there and executable. */
  readonly binBuild: boolean;
}

export interface DependencyStep {
  /** Shell line, run as `vcap` in the app's folder. */
  readonly command: string;
  /** Programs that the line needs on the machine. */
  readonly programs: readonly Program[];
  /** What the step adds, relative to the app's folder, when nothing else of the source changes by it. */
  readonly output?: string;
  /** Names `output` by what it depends on; absent when it depends on the whole source. */
  readonly cacheKey?: string;
}

interface Program {
  readonly name: string;
  /** The Debian package that has it. */
  readonly package: string;
}

export interface BuildPlan {
  readonly steps: readonly DependencyStep[];
  /** Added in front of the PATH, relative to the app's folder. */
  readonly paths: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly startCommand?: string;
}

/** A source that can never be built as it is. */
export class UnbuildableSourceError extends Error {
  override readonly name = 'UnbuildableSourceError';
}

const node: Program = { name: 'npm', package: 'npm' };
const python: Program = { name: 'python3', package: 'python3' };

/** What every cached layer depends on beside the source. */
export interface CacheInputs {
  /** Versions by program name. */
  readonly interpreters: Readonly<Record<string, string>>;
  /** Installing runs code of the source: what one Space made must not reach another. */
  readonly space?: string;
  /** The build's environment, as text. */
  readonly env?: string;
}

/** @throws UnbuildableSourceError */
export function planBuild(files: SourceFiles, inputs: CacheInputs): BuildPlan {
  const startCommand = startCommandOf(files);
  const rest = startCommand === undefined ? {} : { startCommand };
  if (files.binBuild)
    return {
      steps: [{ command: './bin/build', programs: [] }],
      paths: ['node_modules/.bin', '.venv/bin'],
      env: {},
      ...rest,
    };
  const steps = [...nodeSteps(files, inputs), ...pythonSteps(files, inputs)];
  const usesPython = steps.some((step) => step.output === '.venv');
  return {
    steps,
    paths: [...(usesPython ? ['.venv/bin'] : []), ...(files.packageJson === undefined ? [] : ['node_modules/.bin'])],
    env: {
      ...(usesPython ? { VIRTUAL_ENV: '/home/vcap/app/.venv' } : {}),
      // A task's log is no place for npm's advertisement of itself.
      ...(files.packageJson === undefined ? {} : { NPM_CONFIG_UPDATE_NOTIFIER: 'false' }),
    },
    ...rest,
  };
}

/** As planBuild, with nothing taken from an earlier build, nor left for a later one. @throws UnbuildableSourceError */
export function planAnew(files: SourceFiles, inputs: CacheInputs): BuildPlan {
  const plan = planBuild(files, inputs);
  return { ...plan, steps: plan.steps.map(({ command, programs }) => ({ command, programs })) };
}

function nodeSteps(files: SourceFiles, { interpreters, ...rest }: CacheInputs): readonly DependencyStep[] {
  if (files.packageLock === undefined) {
    const wanted = Object.keys(parsePackage(files.packageJson)?.dependencies ?? {});
    if (wanted.length > 0)
      throw new UnbuildableSourceError(
        `package.json has dependencies but there is no package-lock.json: run "npm install" and push again`,
      );
    return [];
  }
  const manifest = parsePackage(files.packageJson);
  // Scripts of the app itself may read any file, so that their outcome cannot be named by the lock file alone.
  const ownScripts = ['preinstall', 'install', 'postinstall', 'prepare'].some(
    (name) => manifest?.scripts?.[name] !== undefined,
  );
  const command = 'npm ci --omit=dev --no-audit --no-fund';
  if (ownScripts || spreadsOut(manifest, files.packageLock)) return [{ command, programs: [node] }];
  const own = [files.packageLock, files.packageJson ?? '', files.npmrc ?? ''];
  const key = digest('npm', interpreters.node ?? '', rest.space ?? '', rest.env ?? '', ...own);
  return [{ command, programs: [node], output: 'node_modules', cacheKey: key }];
}

/** Workspaces and local packages: read from the source, and installed elsewhere than in node_modules alone. */
const spreadsOut = (manifest: PackageJson | undefined, packageLock: string): boolean =>
  manifest?.workspaces !== undefined || /"link"\s*:\s*true|"file:/.test(packageLock);

function pythonSteps(files: SourceFiles, { interpreters, ...rest }: CacheInputs): readonly DependencyStep[] {
  const make = 'python3 -m venv .venv';
  if (files.requirements !== undefined) {
    const command = `${make} && .venv/bin/pip install --disable-pip-version-check -r requirements.txt`;
    // A requirement that is a path or another file depends on more than the list says.
    const local = /^\s*(-|\.|\/|file:)/m.test(files.requirements) || files.requirements.includes('@ file:');
    if (local) return [{ command, programs: [python], output: '.venv' }];
    return [
      {
        command,
        programs: [python],
        output: '.venv',
        cacheKey: digest('pip', interpreters.python3 ?? '', rest.space ?? '', rest.env ?? '', files.requirements),
      },
    ];
  }
  if (files.pyproject === undefined) return [];
  return [{ command: `${make} && .venv/bin/pip install --disable-pip-version-check .`, programs: [python] }];
}

/** Procfile `task`, else `web`, else its first line; else package.json's start script. */
function startCommandOf(files: SourceFiles): string | undefined {
  const lines = [...(files.procfile ?? '').matchAll(/^([A-Za-z0-9_-]+):[ \t]*(.+?)[ \t]*$/gm)];
  const line =
    ['task', 'web'].map((type) => lines.find((match) => match[1] === type)).find((match) => match !== undefined) ??
    lines[0];
  if (line !== undefined) return line[2];
  return parsePackage(files.packageJson)?.scripts?.start === undefined ? undefined : 'npm start';
}

interface PackageJson {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly workspaces?: unknown;
}

function parsePackage(text: string | undefined): PackageJson | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as PackageJson;
  } catch (error) {
    throw new UnbuildableSourceError(`package.json is not valid JSON: ${errorMessage(error)}`);
  }
}

function digest(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}
