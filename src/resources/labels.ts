/** The labels and annotations that kf-tasks, Kf and Tekton give to objects; one place, so that selectors cannot drift. */

export const labels = {
  /** App name (Kf). */
  appName: 'app.kubernetes.io/name',
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  /** The Task's number (Kf). */
  version: 'app.kubernetes.io/version',
  networkPolicy: 'kf.dev/networkpolicy',
  /** UID of the object whose log a Pod's output is (a Task, a Build); the log outlives the Pod, until that object goes. */
  logOwner: 'kf.dev/log-owner',
  /** The Task that a PipelineRun is an attempt of. */
  task: 'kf.dev/task',
  /** Attempt of a Task, from 1. */
  attempt: 'kf.dev/attempt',
  /** `run-task --once KEY`, hashed. */
  onceKey: 'kf.dev/once',
  /** The Hook that a Task was run by, or that the body of a request came through. */
  hook: 'kf.dev/hook',
  /** The Job that a Task is of (Kf). */
  jobOwner: 'taskschedules.kf.dev/owner',
  /** Copy of a Job's spec.suspend (Kf): custom resources have no field selectors. */
  jobSuspend: 'taskschedules.kf.dev/suspend',
  /** Of a TaskRun or PipelineRun: of those with the same key only so many run at a time, first in, first out. */
  concurrencyKey: 'kf.dev/concurrency-key',
  /** How many; default 1. */
  concurrencyLimit: 'kf.dev/concurrency-limit',
  taskRun: 'tekton.dev/taskRun',
  taskRunUid: 'tekton.dev/taskRunUID',
  pipelineRun: 'tekton.dev/pipelineRun',
  pipelineRunUid: 'tekton.dev/pipelineRunUID',
  pipeline: 'tekton.dev/pipeline',
  pipelineTask: 'tekton.dev/pipelineTask',
  memberOf: 'tekton.dev/memberOf',
} as const;

export const annotations = {
  /** Start order of a Pod's containers: JSON of StartOrder (core/start-order.ts). */
  startOrder: 'node.kf.dev/start-order',
  /** Seconds between SIGTERM and SIGKILL for the Pods of a run; lowered while one ends, it takes effect at once. */
  gracePeriod: 'node.kf.dev/grace-period-seconds',
  /** Of a Pod: its containers are to end as if it was deleted, with so many seconds of grace; it stays, with its log. */
  endWithin: 'node.kf.dev/end-within-seconds',
  /** Of a Namespace: TCP ports of the host's 127.0.0.1 that the Pods of its Tasks reach, with commas between. */
  hostPorts: 'node.kf.dev/host-ports',
  /** Slot of a Job's Task: RFC 3339, UTC. */
  scheduledTime: 'kf.dev/scheduled-time',
  /** Who made the object: the token's user, or Job and slot. */
  createdBy: 'kf.dev/created-by',
  /** Who changed its spec last; absent until somebody has. */
  changedBy: 'kf.dev/changed-by',
  /** Of a Space: the user of the machine whose own it is. */
  spaceOf: 'kf.dev/space-of',
  /** Names of the services that a run of a Task got, separated by commas. */
  services: 'kf.dev/services',
  /** resourceVersion of a service's parameters that credentials were made from. */
  paramsVersion: 'kf.dev/params-version',
  /** `push`: sha256 of the source package and everything else that a build depends on. */
  buildInput: 'kf.dev/build-input',
  /** Of a PipelineRun: the earlier run whose tasks that succeeded are not run again. */
  rerunOf: 'kf.dev/rerun-of',
  /** Of a Node that is unschedulable until the next server starts, and not by an administrator's wish. */
  draining: 'kf.dev/draining',
  /** Of a Node: keys of the labels that the server's setting `nodeLabels` has given it, with commas between. */
  nodeLabels: 'kf.dev/node-labels',
} as const;

export const finalizers = {
  /** Keeps a Pod that is being ended until its TaskRun has its exit code. */
  outcome: 'kf.dev/outcome',
} as const;

/** Name of the one pipeline task and step of a Kf Task; Kf's own log selectors rely on it. */
export const userContainer = 'user-container';
