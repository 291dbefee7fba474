/**
 * The small vocabulary by which a Pod's containers are ordered and completed. Containers of a Pod start together, as in
 * Kubernetes, unless the annotation `node.kf.dev/start-order` (labels.ts) says otherwise. The TaskRun controller writes
 * it, the node agent obeys; it knows nothing of Tekton.
 *
 * Paths are absolute and as the container sees them. The node reaches them only inside of the container's volumes, and
 * follows no link out of these.
 */

import { annotations } from '../labels.ts';
import type { KubeObject } from '../meta.ts';
import { problemOf } from './start-order-shape.ts';

export interface ContainerOrder {
  /** Container that must have ended before this one starts. */
  readonly after?: string;
  /** Containers that must be ready before this one starts: their probes passed; without probes they run. Ended will do. */
  readonly afterReady?: readonly string[];
  /**
   * Start although an earlier container of the chain failed. Default false: this one then ends at once,
   * unstarted, with exit code 1 and reason `Skipped`.
   */
  readonly afterFailure?: boolean;
  /** A non-zero exit counts as success for those after it and for the Pod's phase, unless its time was over. */
  readonly ignoreFailure?: boolean;
  /** Seconds from this container's start to SIGTERM; it then ends with reason `TimeoutExceeded`. */
  readonly timeoutSeconds?: number;
  /**
   * Runs beside the others: it is ended (SIGTERM, after the Pod's grace period SIGKILL) once all that are no sidecars have
   * ended, and decides nothing about the Pod's phase. Its state is reported like any other's.
   */
  readonly sidecar?: boolean;
  /** Put into the container, read-only. The folder of each is the Pod's own: what the image has there is hidden. */
  readonly files?: readonly ContainerFile[];
  /** Folders inside of volumes that are there before the start, for everybody to write to. */
  readonly folders?: readonly string[];
  /**
   * Path of a mounted Secret whose files are copied into the home ($HOME) of the container's user before the start, readable
   * for that user alone. What is in their way there stays.
   */
  readonly homeFiles?: string;
  /** Links inside of volumes, by path, that are there before the start, with what they name. */
  readonly links?: Readonly<Record<string, string>>;
  /**
   * By name: what `$(NAME)` stands for in command, args, values of env, `when` and files that say so, put in right before the start. Of an
   * array `$(NAME[*])` becomes so many words (joined by blanks inside of a longer word) and `$(NAME[0])` one; of an object
   * `$(NAME.KEY)` one. A file that is not there fails the container.
   */
  readonly values?: Readonly<Record<string, FileValue>>;
  /** All must hold, right before the start; else the container ends unstarted, exit code 0, reason `Skipped`, and the chain goes on. */
  readonly when?: readonly StartCondition[];
  /**
   * Files read after the end, also after a failure. Those that are there become `terminated.message`, a JSON array of
   * `{key, value, type}`. The others are left out.
   */
  readonly returns?: readonly ReturnedFile[];
  /**
   * Most bytes of that message; more, and the container has failed with exit code 1. Default: what the server's setting
   * `maxResultSize` says, 4096 unless changed.
   */
  readonly resultBytes?: number;
  /** Bytes of memory that it may take where it has no limit and requests less. Default: the node's. */
  readonly memoryBytes?: number;
  /** Takes the exit code, as digits, after the end. */
  readonly exitCodeFile?: string;
  /** Takes a copy of the standard output after the end, before files are returned. The log has it all the same. */
  readonly stdoutFile?: string;
  readonly stderrFile?: string;
  /**
   * A script for the container's /bin/sh that is run in place of its command, which it has as its words (`"$@"`). An image
   * without /bin/sh fails the container.
   */
  readonly around?: string;
  /** A file that `around` makes when it has ended the command because its time was over: the reason is then `TimeoutExceeded`. */
  readonly timeoutFile?: string;
  /** args of a container without a command are appended to the image's CMD where it has no ENTRYPOINT; Kubernetes replaces CMD. */
  readonly appendToCmd?: boolean;
}

export interface ContainerFile {
  readonly path: string;
  readonly content: string;
  /** Default 0755. */
  readonly mode?: number;
  /** Put `values` in; an array or object as JSON. Default false: the content stays as it is. */
  readonly expand?: boolean;
}

export interface FileValue {
  readonly file: string;
  /** Default: what the content is, a JSON array, a JSON object, or else a string. */
  readonly type?: 'string' | 'array' | 'object';
  /**
   * The part of the file's JSON that is meant, key by key. In an array a key is an index, or the `name` of an element. What
   * is no string is put in as JSON.
   */
  readonly at?: readonly string[];
}

/** Operators `in` and `notin`, as in Kubernetes' selectors; or an expression of the Common Expression Language. */
export type StartCondition =
  | { readonly input: string; readonly operator: string; readonly values: readonly string[] }
  | { readonly cel: string };

export interface ReturnedFile {
  readonly file: string;
  readonly key: string;
  /** Handed on. */
  readonly type: number;
}

/** By container name; a container that is absent starts at once. */
export type StartOrder = Readonly<Record<string, ContainerOrder>>;

/** What is wrong with a text that should state an order; undefined when it does. */
export function startOrderProblem(text: string): string | undefined {
  try {
    return problemOf(JSON.parse(text));
  } catch {
    return 'must be JSON: an order by container name';
  }
}

/** The order that a text states; undefined when it states none. */
export const parseStartOrder = (text: string): StartOrder | undefined =>
  startOrderProblem(text) === undefined ? (JSON.parse(text) as StartOrder) : undefined;

/** The server refuses Pods with an annotation that states no order; one that got in all the same has none. */
export function startOrderOf(pod: KubeObject): StartOrder {
  const text = pod.metadata.annotations?.[annotations.startOrder];
  return (text === undefined ? undefined : parseStartOrder(text)) ?? {};
}
