/** Creates Tasks of an app, several at a time, until the power goes; prints the name of each that was acknowledged. */

import { setTimeout as delay } from 'node:timers/promises';
import { HttpClient } from '../../../src/client/http/http-client.ts';
import { loadKubeconfig } from '../../../src/client/http/kubeconfig.ts';
import { Task } from '../../../src/resources/kf/task.ts';

const [path = '', prefix = '', app = ''] = process.argv.slice(2);
const client = new HttpClient(await loadKubeconfig({ path }));
let number = 0;

async function create(): Promise<void> {
  for (;;) {
    number += 1;
    const name = `${prefix}-${number}`;
    await client.create(Task, {
      metadata: { name, namespace: 'dev' },
      spec: { appRef: { name: app }, command: 'echo once' },
    });
    process.stdout.write(`${name}\n`);
    // Without KVM the machine would be at the rest for an hour.
    await delay(500);
  }
}

await Promise.all([create(), create()]);
