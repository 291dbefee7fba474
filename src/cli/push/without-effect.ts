/** Flags of Kf that mean nothing to an App that runs tasks only; taken, so that scripts go on working. Pure. */

/** As commander gives them. */
export interface IdleFlags {
  readonly start?: boolean;
  readonly route?: boolean | string;
  readonly randomRoute?: boolean;
  readonly instances?: string;
  readonly healthCheckType?: string;
  readonly timeout?: string;
  readonly healthCheckHttpEndpoint?: string;
  readonly containerRegistry?: string;
}

export const idleFlags = [
  '--no-start',
  '--no-route',
  '--random-route',
  '--route <ROUTE>',
  '-i, --instances <N>',
  '-u, --health-check-type <TYPE>',
  '-t, --timeout <SECONDS>',
  '--health-check-http-endpoint <PATH>',
  '--container-registry <REGISTRY>',
] as const;

/** Those that were given, by their long names. */
export function flagsWithoutEffect(flags: IdleFlags): readonly string[] {
  const given: Readonly<Record<string, boolean>> = {
    '--no-start': flags.start === false,
    '--no-route': flags.route === false,
    '--random-route': flags.randomRoute === true,
    '--route': typeof flags.route === 'string',
    '--instances': flags.instances !== undefined,
    '--health-check-type': flags.healthCheckType !== undefined,
    '--timeout': flags.timeout !== undefined,
    '--health-check-http-endpoint': flags.healthCheckHttpEndpoint !== undefined,
    '--container-registry': flags.containerRegistry !== undefined,
  };
  return Object.keys(given).filter((name) => given[name]);
}
