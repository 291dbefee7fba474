/** The requests of kubectl 1.32 in the order in which it sent them, each with the answer that made it content. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RecordedRequest, recordedCommands } from './recorded.ts';
import { type Answer, eventsOf, startServer, type TestServer, take } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** What the server has given out, to put in where the recording has `{rv}` and the like. */
const given = { rv: '0', uid: '', hash: '' };
const fill = (text: string): string =>
  text.replaceAll('{rv}', given.rv).replaceAll('{uid}', given.uid).replaceAll('{hash}', given.hash);

async function replay(recorded: RecordedRequest): Promise<Answer> {
  const { method, accept, contentType, body, base64 } = recorded;
  const options = {
    headers: { Accept: accept, 'Accept-Encoding': 'gzip', ...(contentType ? { 'Content-Type': contentType } : {}) },
    body: base64 ? Buffer.from(base64, 'base64') : body && fill(body),
  };
  if (!recorded.path.includes('watch=true'))
    return remember(await server.request(method, fill(recorded.path), options));
  const response = await server.open(method, fill(recorded.path), options);
  // What the change is that a watcher waits for does not matter here: one more, and the watch has something to say.
  await touch(recorded.path);
  const [event] = await take(eventsOf(response), 1);
  response.destroy();
  return { status: response.statusCode ?? 0, headers: response.headers, text: JSON.stringify(event), json: event };
}

function remember(answer: Answer): Answer {
  if (!answer.headers['content-type']?.startsWith('application/json')) return answer;
  const { metadata } = answer.json;
  given.rv = metadata?.resourceVersion ?? given.rv;
  given.uid = metadata?.uid ?? given.uid;
  return answer;
}

let touches = 0;
async function touch(path: string): Promise<void> {
  const [collection] = path.split('?');
  const name = collection?.endsWith('configmaps') ? 'a' : 'run1';
  const body = { metadata: { annotations: { touched: String(++touches) } } };
  const headers = { 'Content-Type': 'application/merge-patch+json' };
  expect((await server.request('PATCH', `${collection}/${name}`, { body, headers })).status).toBe(200);
}

/** HTTP codes in order, where they are not all 200. */
const codes: Readonly<Record<string, readonly number[]>> = {
  'create namespace dev': [201],
  'create configmap a --from-literal=x=1': [201],
  'create secret generic s --from-literal=x=1': [201],
  'create serviceaccount sa1': [201],
  'apply new CR': [200, 200, 404, 200, 201],
  // The annotation in the recording is an older one: kubectl sends what the answer before has.
  'apply server-side': [200, 200, 409],
  'auth can-i': [200, 201],
  'auth can-i list': [201],
  'auth whoami': [201],
  delete: [200, 404],
  'delete cm all': [200, 200, 404],
  'create strict': [200, 201],
  logs: [404, 200],
};

test.each(recordedCommands.map((command) => [command.command, command.requests] as const))(
  'kubectl %s',
  async (command, requests) => {
    const answered: number[] = [];
    for (const recorded of requests) {
      const answer = await replay(recorded);
      answered.push(answer.status);
      expectShape(recorded, answer);
    }
    expect(answered).toEqual(codes[command] ?? requests.map(() => 200));
  },
);

/** What kubectl needs of any answer of that sort. */
function expectShape({ path, accept, method }: RecordedRequest, answer: Answer): void {
  if (path.startsWith('/openapi/v2')) return;
  const { status, headers, json } = answer;
  if (path.startsWith('/openapi/v3?'))
    expect(json.paths['apis/tekton.dev/v1'].serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/tekton\.dev\/v1\?hash=/);
  else if (path.includes('watch=true')) {
    expect(['ADDED', 'MODIFIED']).toContain(json.type);
    expect(['Table', 'PipelineRun']).toContain(json.object.kind);
  } else if (status >= 400) expect(json).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
  else if (accept.includes('as=Table')) expect(json).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
  else if (accept.includes('as=APIGroupDiscoveryList')) expect(json.kind).toBe('APIGroupDiscoveryList');
  else if (method === 'POST') expect(json.kind).toBeTypeOf('string');
  expect(headers['content-type']).toMatch(/^application\/json/);
}
