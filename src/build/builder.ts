/** One way to make an image of an uploaded source; Builds name it in `spec.name`. */

import type { Client } from '../client/client.ts';
import type { Result } from '../client/controller.ts';
import type { Build } from '../resources/kf/build.ts';
import { refOf } from '../resources/meta.ts';
import { isAlreadyExists } from '../resources/status.ts';
import { TaskRun } from '../resources/tekton/task-run.ts';
import type { Staging } from './staging.ts';

export interface UploadedBuild {
  readonly build: Build;
  /** Of the source package. */
  readonly sha256: string;
  /** The unpacked source. */
  readonly staging: Staging;
  /** The Build's own, when it was made before. */
  readonly run: TaskRun | undefined;
}

export interface Builder {
  /** Moves the Build one step on; called again after every change. @throws UnbuildableSourceError */
  build(uploaded: UploadedBuild): Promise<Result | void>;
  /** The Build is over, or gone: nothing of it is needed any more. Idempotent. */
  tidy?(uid: string): Promise<void>;
}

/** A run of this Build that was made before, and our read lagged, is found by its own event. */
export async function createRun(
  client: Client,
  draft: Parameters<typeof client.create<typeof TaskRun>>[1],
): Promise<void> {
  try {
    await client.create(TaskRun, draft);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Has the run end, and its processes with it. */
export async function cancelRun(client: Client, run: TaskRun): Promise<void> {
  if (run.spec.status === 'TaskRunCancelled') return;
  await client.patch(TaskRun, refOf(run), { type: 'merge', body: { spec: { status: 'TaskRunCancelled' } } });
}
