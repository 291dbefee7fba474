/** The lines of docs/notifications-and-hooks.md that check a signature, run as they are printed. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { webhookHeaders } from '../../../src/controllers/notify/signature.ts';

const text = readFileSync(new URL('../../../docs/notifications-and-hooks.md', import.meta.url), 'utf8');
const snippet = (language: string): string => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text)![1]!;

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"text":"ä \\"quoted\\""}';
const signed = webhookHeaders({ id: 'msg_1', timestamp: 1772330400, body }, SECRET);
const forged = { ...signed, 'webhook-id': 'msg_2' };

const languages = {
  js: (headers: object) =>
    execFileSync(
      process.execPath,
      [
        '-e',
        `const headers = ${JSON.stringify(headers)}; const body = ${JSON.stringify(body)};\n${snippet('js')}\nconsole.log(good)`,
      ],
      { env: { SECRET } },
    ),
  python: (headers: object) =>
    execFileSync(
      'python3',
      [
        '-c',
        `import json\nheaders = json.loads(${JSON.stringify(JSON.stringify(headers))})\nbody = json.loads(${JSON.stringify(JSON.stringify(body))})\n${snippet('python')}\nprint(str(good).lower())`,
      ],
      { env: { SECRET, PATH: process.env.PATH } },
    ),
} as const;

test.each(Object.entries(languages))('%s', (_, run) => {
  expect(run(signed).toString()).toBe('true\n');
  expect(run(forged).toString()).toBe('false\n');
});
