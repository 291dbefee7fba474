/** How a command ended, as clients of `v4.channel.k8s.io` and later read it from the error stream. Pure. */

import type { Status } from '../../resources/status.ts';
import { statusOf } from '../http/respond.ts';

const head = { kind: 'Status', apiVersion: 'v1', metadata: {} } as const;

export function statusOfExit(exitCode: number): Status {
  if (exitCode === 0) return { ...head, status: 'Success' };
  return {
    ...head,
    status: 'Failure',
    // Not one of the API's reasons: clients take the exit code where they see it.
    reason: 'NonZeroExitCode' as Status['reason'],
    message: `command terminated with non-zero exit code: exit code ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** The status of a command that was not started. */
export const statusOfRefusal = (error: unknown): Status => statusOf(error);
