/** docs/configuration.md, out of the declarations of settings and environment variables. */

import { stringify } from 'yaml';
import { settingNames, settingOf } from '../../src/resources/server-config/settings.ts';
import { environmentVariables } from './environment-variables.ts';

export function configurationPage(): string {
  return `<!-- Generated from src/resources by \`npm run docs\`; do not edit. -->

# Configuration

The server reads \`config.yaml\` in its data directory (\`/var/lib/kf\`, or \`$KF_HOME\`). Every setting has a default: there
need not be such a file. It belongs to root; no client of the API can change it.

\`\`\`
sudo kf configure-server get                   # all settings, and where each value comes from
sudo kf configure-server set maxTasks 16
sudo kf configure-server unset maxTasks
\`\`\`

Or edit the file. Most settings are read when the server starts: \`sudo kf server restart\`; Tasks go on meanwhile. An unknown
setting or a bad value is refused with its line, by these commands and by the server, which then does not start; one that
runs goes on.

<!-- test
echo 'maxTaks: 16' >>/var/lib/kf/config.yaml
-->
<!-- test: exit 1 -->
\`\`\`
$ sudo kf server restart
Error: /var/lib/kf/config.yaml, line …: unknown setting "maxTaks"; there are: port, maxTasks, memory, …
…
\`\`\`
<!-- test
sed -i /maxTaks/d /var/lib/kf/config.yaml
mkdir other && echo 'maxTaks: 16' >other/config.yaml
KF_HOME=$PWD/other kf server start 2>&1 | grep 'did not start: .*/config.yaml, line 1: unknown setting "maxTaks"'
kf server status
-->

## Settings

| setting | default | is | in force |
|---|---|---|---|
${settingNames.map(settingRow).join('\n')}

${settingNames.map(settingText).join('\n')}

All of them, as they may stand in the file:

<!-- test: file config.yaml -->
\`\`\`yaml
${exampleFile()}\`\`\`
<!-- test
KF_HOME=$PWD kf configure-server get memory | grep 6Gi
-->

## Environment

A variable that belongs to a setting comes before the file. \`kf server enable\` writes down what \`KF_HOME\` and these
variables say at that time.

| variable | setting |
|---|---|
${settingNames.flatMap(variableRow).join('\n')}

The others:

| variable | default | |
|---|---|---|
${environmentVariables.map((one) => `| \`${one.name}\` | ${one.default} | ${one.description} |`).join('\n')}

What a Task finds in its own environment is told in [tasks.md](tasks.md).
`;
}

function settingRow(name: (typeof settingNames)[number]): string {
  const { defaultText, type, inForce } = settingOf(name);
  return `| \`${name}\` | ${defaultText} | ${type.name} | ${inForce} |`;
}

function settingText(name: (typeof settingNames)[number]): string {
  const { description, command } = settingOf(name);
  return `- \`${name}\`: ${description}${command === undefined ? '' : ` Changed by \`${command}\`.`}`;
}

function variableRow(name: (typeof settingNames)[number]): readonly string[] {
  const { env } = settingOf(name);
  return env === undefined ? [] : [`| \`${env}\` | \`${name}\` |`];
}

/** Dots become maps. */
function exampleFile(): string {
  const file: Record<string, unknown> = {};
  for (const name of settingNames) {
    const keys = name.split('.');
    let map = file;
    for (const key of keys.slice(0, -1)) {
      map[key] ??= {};
      map = map[key] as Record<string, unknown>;
    }
    map[keys.at(-1)!] = settingOf(name).example;
  }
  return stringify(file);
}
