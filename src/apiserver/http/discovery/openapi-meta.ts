/** The OpenAPI schema of ObjectMeta, which all documents share. */

const string = (description: string): object => ({ type: 'string', description });
const time = (description: string): object => ({ type: 'string', format: 'date-time', description });
const integer = (description: string): object => ({ type: 'integer', format: 'int64', description });
const strings = (description: string): object => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string', default: '' },
});

const name = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const owner = 'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference';

export const objectMetaRef = `#/components/schemas/${name}`;

export const objectMetaSchemas: Readonly<Record<string, object>> = {
  [name]: {
    type: 'object',
    description: 'ObjectMeta is metadata that all persisted resources must have.',
    properties: {
      name: string('Name must be unique within a namespace. Cannot be updated.'),
      generateName: string('A prefix, used by the server, to generate a unique name ONLY IF name is not given.'),
      namespace: string('Namespace defines the space within which each name must be unique.'),
      uid: string('UID is the unique in time and space value for this object. Read-only.'),
      resourceVersion: string('An opaque value that changes whenever the object does.'),
      generation: integer('A number that grows with every change of the desired state. Read-only.'),
      creationTimestamp: time('When the object was created. Read-only.'),
      deletionTimestamp: time('When the object is to be gone. Read-only.'),
      deletionGracePeriodSeconds: integer('Seconds allowed for the object to end before it is removed. Read-only.'),
      labels: strings('Keys and values that objects are selected by.'),
      annotations: strings('Keys and values that clients keep with the object.'),
      finalizers: {
        type: 'array',
        description: 'Must be empty before the object is removed; each names who removes it.',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'set',
      },
      ownerReferences: {
        type: 'array',
        description: 'Objects that this one depends on; when all are gone, it is removed too.',
        items: { allOf: [{ $ref: `#/components/schemas/${owner}` }] },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['uid'],
      },
      managedFields: {
        type: 'array',
        description: 'Which manager set which fields.',
        items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
  [owner]: {
    type: 'object',
    description: 'OwnerReference identifies an owning object, by UID.',
    required: ['apiVersion', 'kind', 'name', 'uid'],
    'x-kubernetes-map-type': 'atomic',
    properties: {
      apiVersion: string('API version of the owner.'),
      kind: string('Kind of the owner.'),
      name: string('Name of the owner.'),
      uid: string('UID of the owner.'),
      controller: { type: 'boolean', description: 'Whether the owner is the managing controller.' },
      blockOwnerDeletion: {
        type: 'boolean',
        description: 'Whether the owner waits for this object in foreground deletion.',
      },
    },
  },
};
