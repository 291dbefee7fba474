/** Every kind that the embedded server serves. */

import { ConfigMap, Event, Lease, Namespace, Node, Secret, ServiceAccount } from './core/kinds.ts';
import { LimitRange } from './core/limit-range.ts';
import { NetworkPolicy } from './core/network-policy.ts';
import { Pod } from './core/pod.ts';
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from './core/rbac.ts';
import { PersistentVolume, PersistentVolumeClaim } from './core/volumes.ts';
import { App } from './kf/app.ts';
import { Build } from './kf/build.ts';
import { Hook } from './kf/hook.ts';
import { LogSink } from './kf/log-sink.ts';
import { Notification } from './kf/notification.ts';
import { ServiceInstance } from './kf/service-instance.ts';
import { ServiceInstanceBinding } from './kf/service-instance-binding.ts';
import { SourcePackage } from './kf/source-package.ts';
import { Space } from './kf/space.ts';
import { Task } from './kf/task.ts';
import { TaskSchedule } from './kf/task-schedule.ts';
import type { Kind } from './kind.ts';
import { CustomRun } from './tekton/custom-run.ts';
import { Pipeline } from './tekton/pipeline.ts';
import { PipelineRun } from './tekton/pipeline-run.ts';
import { ResolutionRequest } from './tekton/resolution-request.ts';
import { StepAction } from './tekton/step-action.ts';
import { Task as TektonTask } from './tekton/task.ts';
import { TaskRun } from './tekton/task-run.ts';

// biome-ignore lint/suspicious/noExplicitAny: kinds of different objects in one list
export const allKinds: readonly Kind<any>[] = [
  Namespace,
  Node,
  Pod,
  Secret,
  ConfigMap,
  Event,
  ServiceAccount,
  PersistentVolume,
  PersistentVolumeClaim,
  Lease,
  NetworkPolicy,
  LimitRange,
  Role,
  RoleBinding,
  ClusterRole,
  ClusterRoleBinding,
  Space,
  App,
  SourcePackage,
  Build,
  Task,
  TaskSchedule,
  Notification,
  Hook,
  ServiceInstance,
  ServiceInstanceBinding,
  LogSink,
  PipelineRun,
  TaskRun,
  TektonTask,
  Pipeline,
  StepAction,
  CustomRun,
  ResolutionRequest,
];

/** The kinds that are ours: their CRDs are generated and installed on a cluster. */
export const kfKinds = allKinds.filter((kind) => kind.group === 'kf.dev');
