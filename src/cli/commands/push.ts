import { Option } from 'commander';
import { checked, checkedRepeatable, defineCommand, repeatable } from '../command.ts';
import { cores, diskSize, memorySize, objectName, variable } from '../flags.ts';
import type { PushFlags } from '../push/plan.ts';
import { idleFlags } from '../push/without-effect.ts';

export const push = defineCommand<PushFlags>({
  usage: 'push [APP_NAME]',
  group: 'App Management:',
  summary: 'Upload source, build an image, and make an App of it that tasks run in',
  details:
    'Nothing runs and no route is made. The source is the folder or zip archive of -p, else of the manifest, else this folder; .kfignore (or .cfignore) says in gitignore syntax what is left out, and .env always is unless "!.env" stands there. Source that has not changed is neither uploaded nor built again.\n\nWithout APP_NAME every App of the manifest is pushed, one after the other. A build is waited for 15 minutes, or KF_STARTUP_TIMEOUT.',
  examples: [
    'kf push report --task',
    "kf push report --task -p ./etl -c 'node etl.js' -e REGION=eu -m 512M",
    'kf push report --task --docker-image registry.example.com/team/report:2',
    'kf push -f manifest.yml',
    'kf push -f manifest.yml report --var stage=test --app-suffix=-test',
  ],
  args: [0, 1],
  flags: (command) => {
    command
      .option('--task', 'make an App that runs tasks only (implied when it is one already)')
      .option('-p, --path <DIR>', 'folder or zip archive of the source')
      .option('-c, --command <LINE>', "start command, a shell line; null: the source's own again")
      .option('--args <ARG>', 'one word of the exact argv to start (repeatable)', repeatable)
      .option('--entrypoint <PROGRAM>', 'program that gets the --args')
      .option(
        '-e, --env <NAME=VALUE>',
        'environment variable (repeatable); others of the App stay',
        checkedRepeatable(variable),
      )
      .option('-m, --memory-limit <SIZE>', 'memory of a task, like 512M; default: 1G', checked(memorySize))
      .option('-k, --disk-quota <SIZE>', 'disk of a task, like 512M; default: 1G', checked(diskSize))
      .option('--cpu-cores <CORES>', 'cores of a task, as request and limit; default: no limit', checked(cores))
      .option(
        '-s, --stack <NAME>',
        'what the image is built on: one of kf stacks, or a builder image with Cloud Native Buildpacks',
      )
      .option('--dockerfile <PATH>', 'build this Dockerfile of the source instead of on a stack')
      .option(
        '--build-arg <NAME=VALUE>',
        "value of one of the Dockerfile's ARGs, or variable of the buildpacks (repeatable)",
        checkedRepeatable(variable),
      )
      .option(
        '--docker-image <IMAGE>',
        'take this image instead of building one: of a registry, or oci:DIR, oci-archive:FILE, docker-archive:FILE, containers-storage:NAME',
      )
      .option('--docker-username <USER>', "user at the image's registry; the password stands in CF_DOCKER_PASSWORD")
      .option('-f, --manifest <FILE>', 'manifest; default: manifest.yml in this folder')
      .option('--no-manifest', 'ignore the manifest in this folder')
      .option('--var <NAME=VALUE>', 'value for ((NAME)) in the manifest (repeatable)', checkedRepeatable(variable))
      .option('--vars-file <FILE>', 'YAML file with such values (repeatable)', repeatable)
      .option(
        '--app-suffix <TEXT>',
        "appended to the App's name",
        checked((text) => objectName(`a${text}`).slice(1)),
      )
      .addOption(new Option('-b, --buildpack <NAME>').hideHelp());
    for (const flag of idleFlags) command.addOption(new Option(flag).hideHelp());
  },
  async run(context, [name], flags) {
    const { pushAction } = await import('../push/push-action.ts');
    await pushAction(context, name, flags);
  },
});
