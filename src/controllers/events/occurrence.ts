/** Something worth an Event: read from the state of an object, so that it is found again after a restart. */

export interface Occurrence {
  readonly type: 'Normal' | 'Warning';
  /** Kubernetes', Tekton's or Kf's word. */
  readonly reason: string;
  readonly message: string;
  /** Tells it from another one of the same object and reason. */
  readonly key: string;
  /** `spec.containers{NAME}`. */
  readonly fieldPath?: string;
  /** Milliseconds for which it must hold before it is worth a word. Default: 0. */
  readonly holds?: number;
}

/** Milliseconds after which somebody may ask what something waits for. */
export const noticeableWait = 5000;
