/** Kf's settings of clusters, registries and routes: each says why it has no effect. */

import type { CommandFile } from '../command.ts';
import { notApplicable } from './setting.ts';

const registry = 'images stay on this server, there is no registry';
const account = 'Builds run in the server’s own sandbox, without a service account';
const routes = 'Tasks have no routes, so no domains';
const ingress = 'nothing can connect to a Task or a Build in any case';
const nodes = 'there is one node, this machine';

const reasons: Readonly<Record<string, string>> = {
  'set-container-registry': registry,
  'get-container-registry': registry,
  'set-build-service-account': account,
  'get-build-service-account': account,
  'append-domain': routes,
  'set-default-domain': routes,
  'remove-domain': routes,
  'get-domains': routes,
  'set-app-ingress-policy': ingress,
  'set-build-ingress-policy': ingress,
  'set-nodeselector': nodes,
  'unset-nodeselector': nodes,
  'get-nodeselector': nodes,
};

export const notApplicableSettings: readonly CommandFile[] = Object.entries(reasons).map(([name, reason]) =>
  notApplicable(name, reason),
);
