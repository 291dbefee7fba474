/** Kubernetes' words, but `NoShell`: a shell line for an image without a shell. `Error`: what earlier containers left. */
export type ConfigReason =
  | 'Error'
  | 'CreateContainerConfigError'
  | 'ErrImageNeverPull'
  | 'ContainerCannotRun'
  | 'NoShell';

/** The Pod asks for something that does not exist or is not allowed: a fact, so the container fails and nothing is retried. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    message: string,
    readonly reason: ConfigReason = 'CreateContainerConfigError',
  ) {
    super(message);
  }
}
