/** Environment variables that are no settings of the server's file: what they mean, for the reference and its test. Pure. */

export interface EnvironmentVariable {
  readonly name: string;
  /** In words. */
  readonly default: string;
  readonly description: string;
}

/** In the reference's order. Variables that only tests and benchmarks set are not among them. */
export const environmentVariables: readonly EnvironmentVariable[] = [
  {
    name: 'KF_HOME',
    default: '/var/lib/kf',
    description:
      'The data directory of the embedded server. Another one is another server: set `KF_PORT=0` or a port of its own with it.',
  },
  {
    name: 'KF_AUTOSTART',
    default: '1',
    description: 'With `0` no command starts the embedded server by itself.',
  },
  {
    name: 'KUBECONFIG',
    default: 'none',
    description: 'The server that commands talk to instead of the embedded one; `kf target` shows it.',
  },
  {
    name: 'KF_STARTUP_TIMEOUT',
    default: '15m',
    description: 'How long `kf push` waits for the build; `CF_STARTUP_TIMEOUT` comes before it.',
  },
  { name: 'CF_STARTUP_TIMEOUT', default: 'none', description: "Cloud Foundry's name of `KF_STARTUP_TIMEOUT`." },
  { name: 'KF_DEBUG', default: 'none', description: 'When set, an unexpected error comes with its stack.' },
  { name: 'NO_COLOR', default: 'none', description: 'When set, nothing is coloured; nor is it with `TERM=dumb`.' },
  { name: 'TZ', default: "the machine's zone", description: 'Your time zone, in which times are shown and read.' },
  {
    name: 'TMPDIR',
    default: '/var/tmp',
    description: 'Where `kf push` puts an image of this machine’s Podman while it is uploaded.',
  },
  { name: 'HOME', default: '/', description: "Holds `.kf`, the commands' own settings: server and Space." },
];
