/**
 * `tkn` against a server: the program that `KF_TKN` names, or else the requests that tkn 0.46 was recorded to send, in
 * their order, with what it reads out of the answers. Both print the same in what tests look at.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { rawRequests } from './raw-requests.ts';

export interface Outcome {
  readonly code: number;
  readonly output: string;
}
export type Tkn = (...args: readonly string[]) => Promise<Outcome>;

export const tknOf = (kubeconfig: string, env: Readonly<Record<string, string>>): Tkn => {
  const program = process.env.KF_TKN;
  return program === undefined ? recordedTkn(kubeconfig) : realTkn(program, { ...env, KUBECONFIG: kubeconfig });
};

function realTkn(program: string, env: Readonly<Record<string, string>>): Tkn {
  return async (...args) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  };
}

// biome-ignore lint/suspicious/noExplicitAny: objects of any shape
type Any = any;

const discoveryAccept =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
/** Of typed clients of core kinds. */
const coreAccept = 'application/vnd.kubernetes.protobuf,application/json';
const tekton = '/apis/tekton.dev/v1/namespaces/dev';
const core = '/api/v1/namespaces/dev';

class Refused extends Error {}

function recordedTkn(kubeconfig: string): Tkn {
  const requests = rawRequests(kubeconfig);

  async function json(method: string, path: string, options: { accept?: string; body?: string; type?: string } = {}) {
    const { accept = 'application/json', body, type = 'application/json' } = options;
    const headers = { Accept: accept, ...(body === undefined ? {} : { 'Content-Type': type }) };
    const response = await requests.open(method, path, headers, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const answer = JSON.parse(Buffer.concat(chunks).toString()) as Any;
    if ((response.statusCode ?? 0) >= 400) throw new Refused(answer.message);
    return answer;
  }
  const get = (path: string, accept?: string): Promise<Any> =>
    json('GET', path, accept === undefined ? {} : { accept });

  /** Looks the resource up as the RESTMapper does: by the first version of the group. */
  async function discover(plural: string): Promise<void> {
    await get('/api', discoveryAccept);
    const groups = await get('/apis', discoveryAccept);
    const group = groups.items.find(({ metadata }: Any) => metadata.name === 'tekton.dev');
    const [preferred] = group.versions;
    if (preferred.version !== 'v1' || !preferred.resources.some(({ resource }: Any) => resource === plural))
      throw new Refused(`tekton.dev/${preferred.version} has no ${plural}`);
  }

  /** Events of a watch until one is what is waited for. */
  async function watch(path: string, accept: string, wanted: (event: Any) => boolean): Promise<Any> {
    const response = await requests.open('GET', path, { Accept: accept });
    if (response.statusCode !== 200) throw new Refused(`watch: ${response.statusCode}`);
    for await (const line of createInterface({ input: response })) {
      const event = JSON.parse(line);
      if (!wanted(event)) continue;
      response.destroy();
      return event.object;
    }
    throw new Refused('the watch ended');
  }

  /** Waits for the Pod to run, as an informer does that begins with a watch of everything. */
  async function awaitPod(name: string): Promise<void> {
    const path = `${core}/pods?allowWatchBookmarks=true&fieldSelector=metadata.name%3D${name}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeout=6m7s&timeoutSeconds=367&watch=true`;
    let told = false;
    let runs = false;
    await watch(path, coreAccept, ({ type, object }) => {
      if (type === 'BOOKMARK') told ||= object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
      else runs ||= ['Running', 'Succeeded', 'Failed'].includes(object.status?.phase);
      return told && runs;
    });
  }

  async function taskRunLogs(name: string, follow: boolean, prefix = ''): Promise<string> {
    let run = await get(`${tekton}/taskruns/${name}`);
    if (follow && run.status?.podName === undefined)
      run = await watch(
        `${tekton}/taskruns?fieldSelector=metadata.name%3D${name}&watch=true`,
        'application/json',
        ({ object }) => object.status?.podName !== undefined,
      );
    const pod = run.status.podName as string;
    if (follow) await awaitPod(pod);
    const { spec } = await get(`${core}/pods/${pod}`, coreAccept);
    let text = '';
    for (const { name: container } of spec.containers) {
      const step = container.replace(/^step-/, '');
      const path = `${core}/pods/${pod}/log?container=${container}${follow ? '&follow=true' : ''}`;
      const response = await requests.open('GET', path, { Accept: 'application/json, */*' });
      for await (const line of createInterface({ input: response })) text += `[${prefix}${step}] ${line}\n`;
      text += '\n';
      await get(`${core}/pods/${pod}`, coreAccept);
    }
    return text;
  }

  async function pipelineRunLogs(name: string, follow: boolean): Promise<string> {
    const run = follow
      ? await watch(
          `${tekton}/pipelineruns?allowWatchBookmarks=true&fieldSelector=metadata.name%3D${name}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeout=9m3s&timeoutSeconds=543&watch=true`,
          'application/json, */*',
          ({ type, object }) => type !== 'BOOKMARK' && stateOf(object).status !== 'Unknown',
        )
      : await get(`${tekton}/pipelineruns/${name}`);
    let text = '';
    for (const { name: child, pipelineTaskName } of run.status.childReferences)
      text += await taskRunLogs(child, follow, `${pipelineTaskName} : `);
    return text;
  }

  const patch = { TaskRun: 'TaskRunCancelled', PipelineRun: 'Cancelled' } as const;

  async function cancel(kind: 'TaskRun' | 'PipelineRun', name: string): Promise<string> {
    const path = `${tekton}/${kind.toLowerCase()}s/${name}`;
    if (stateOf(await get(path)).status !== 'Unknown')
      throw new Refused(`failed to cancel ${kind} ${name}: ${kind} has already finished execution`);
    const body = JSON.stringify([{ op: 'replace', path: '/spec/status', value: patch[kind] }]);
    await json('PATCH', path, { body, type: 'application/json-patch+json' });
    return `${kind} cancelled: ${name}\n`;
  }

  async function start(kind: 'TaskRun' | 'PipelineRun', name: string, flags: readonly string[]): Promise<string> {
    const isTask = kind === 'TaskRun';
    await get(`${tekton}/${isTask ? 'tasks' : 'pipelines'}/${name}`);
    const [param, value] = (flags[flags.indexOf('-p') + 1] ?? '').split('=');
    const params = flags.includes('-p') ? { params: [{ name: param, value }] } : {};
    const spec = isTask
      ? { ...params, serviceAccountName: '', taskRef: { name } }
      : { ...params, pipelineRef: { name }, taskRunTemplate: {} };
    const body = JSON.stringify({
      apiVersion: 'tekton.dev/v1',
      kind,
      metadata: { generateName: `${name}-run-`, namespace: 'dev' },
      spec,
      status: isTask ? { podName: '' } : {},
    });
    const made = (await json('POST', `${tekton}/${kind.toLowerCase()}s`, { body })).metadata.name as string;
    const said = `${kind} started: ${made}\n`;
    if (!flags.includes('--showlog')) return said;
    return said + (await (isTask ? taskRunLogs : pipelineRunLogs)(made, true));
  }

  async function version(): Promise<string> {
    const namespaces = ['tekton-pipelines', 'openshift-pipelines', 'tekton-chains'];
    for (const namespace of namespaces)
      await get(`/api/v1/namespaces/${namespace}/configmaps/chains-info`, coreAccept).catch((error: Error) => {
        if (!error.message.includes('not found')) throw error;
      });
    const info = await get('/api/v1/namespaces/tekton-pipelines/configmaps/pipelines-info', coreAccept);
    return `Client version: recorded\nPipeline version: ${info.data.version}\n`;
  }

  async function describe(plural: string, name: string): Promise<string> {
    const object = await get(`${tekton}/${plural}/${name}`);
    for (const child of object.status?.childReferences ?? []) await get(`${tekton}/taskruns/${child.name}`);
    const { reason, status, message } = stateOf(object);
    return [`Name: ${name}`, shownState(status, reason), message ?? ''].join('\n');
  }

  async function list(plural: string): Promise<string> {
    const { items } = await get(`${tekton}/${plural}`);
    const rows = items.map((item: Any) => {
      const { status, reason } = stateOf(item);
      return `${item.metadata.name} ${shownState(status, reason)}`;
    });
    return `${rows.join('\n')}\n`;
  }

  async function command([noun, verb, name = '', ...flags]: readonly string[]): Promise<string> {
    if (noun === 'version') return version();
    const plural = `${noun}s`;
    await discover(plural);
    const kind = noun === 'task' || noun === 'taskrun' ? 'TaskRun' : 'PipelineRun';
    const follow = flags.includes('-f');
    switch (verb) {
      case 'list':
        return list(plural);
      case 'describe':
        return describe(plural, name);
      case 'logs':
        return (kind === 'TaskRun' ? taskRunLogs : pipelineRunLogs)(name, follow);
      case 'start':
        return start(kind, name, flags);
      case 'cancel':
        return cancel(kind, name);
      default: {
        await get(`${tekton}/${plural}/${name}`);
        await json('DELETE', `${tekton}/${plural}/${name}`, { body: '{"kind":"DeleteOptions","apiVersion":"v1"}\n' });
        return `deleted: "${name}"\n`;
      }
    }
  }

  return async (...args) => {
    try {
      return { code: 0, output: await command(args) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { code: 1, output: `Error: ${error.message}\n` };
    }
  };
}

const stateOf = (object: Any): { status: string; reason?: string; message?: string } =>
  object.status?.conditions?.find(({ type }: Any) => type === 'Succeeded') ?? { status: 'Unknown' };

/** As tkn's tables have it. */
function shownState(status: string, reason = ''): string {
  if (status === 'True') return reason === 'Succeeded' ? 'Succeeded' : `Succeeded(${reason})`;
  if (status === 'Unknown') return reason === '' ? 'Running' : reason;
  return reason.endsWith('Cancelled') ? `Cancelled(${reason})` : `Failed(${reason})`;
}
