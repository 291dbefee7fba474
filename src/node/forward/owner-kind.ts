/** The kinds of objects whose logs are forwarded: Tasks and Builds. */

import { conditionOf } from '../../resources/condition.ts';
import { Build } from '../../resources/kf/build.ts';
import { Task } from '../../resources/kf/task.ts';
import { type LogOwner, ownerOfBuild, ownerOfTask } from './log-record.ts';

export type OwnerObject = Task | Build;

export interface OwnerKind {
  readonly kind: typeof Task | typeof Build;
  /** Name of the file with the revision up to which they have been seen. */
  readonly file: string;
  readonly isOf: (owner: LogOwner) => boolean;
}

export const ownerKinds: readonly OwnerKind[] = [
  { kind: Task, file: 'revision', isOf: ({ build }) => build === undefined },
  { kind: Build, file: 'revision-of-builds', isOf: ({ build }) => build !== undefined },
];

export const ownerOf = (object: OwnerObject): LogOwner =>
  object.kind === Task.kind ? ownerOfTask(object as Task) : ownerOfBuild(object as Build);

/** When it ended, milliseconds since the epoch; one that never started has no completion. */
export const endOf = ({ status, ...rest }: OwnerObject): number =>
  Date.parse(
    status?.completionTime ?? conditionOf({ ...rest, status } as OwnerObject, 'Succeeded')?.lastTransitionTime ?? '',
  );
