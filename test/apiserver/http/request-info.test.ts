import { describe, expect, test } from 'vitest';
import { parseRequest } from '../../../src/apiserver/http/request-info.ts';

describe('parseRequest', () => {
  test.each([
    ['/api/v1/pods', { group: '', version: 'v1', resource: 'pods' }],
    ['/api/v1/namespaces', { group: '', version: 'v1', resource: 'namespaces' }],
    ['/api/v1/namespaces/dev', { group: '', version: 'v1', resource: 'namespaces', name: 'dev' }],
    [
      '/api/v1/namespaces/dev/status',
      { group: '', version: 'v1', resource: 'namespaces', name: 'dev', subresource: 'status' },
    ],
    ['/api/v1/namespaces/dev/pods', { group: '', version: 'v1', namespace: 'dev', resource: 'pods' }],
    [
      '/api/v1/namespaces/dev/pods/p/log?follow=true',
      { group: '', version: 'v1', namespace: 'dev', resource: 'pods', name: 'p', subresource: 'log' },
    ],
    [
      '/apis/kf.dev/v1alpha1/namespaces/dev/tasks/t/status',
      { group: 'kf.dev', version: 'v1alpha1', namespace: 'dev', resource: 'tasks', name: 't', subresource: 'status' },
    ],
    ['/apis/kf.dev/v1alpha1/spaces/dev', { group: 'kf.dev', version: 'v1alpha1', resource: 'spaces', name: 'dev' }],
    ['/api/v1/namespaces/a%20b/pods', { group: '', version: 'v1', namespace: 'a b', resource: 'pods' }],
  ])('%s', (url, expected) => {
    expect(parseRequest(url).resource).toEqual(expected);
  });

  test.each(['/', '/version', '/api', '/api/v1', '/apis', '/apis/kf.dev', '/apis/kf.dev/v1alpha1', '/openapi/v3'])(
    '%s is no resource',
    (url) => {
      expect(parseRequest(url).resource).toBeUndefined();
    },
  );

  test('reads + in the query as a space', () => {
    expect(parseRequest('/api/v1/pods?labelSelector=app+in+%28a%2Cc%29%2C%21x').query.get('labelSelector')).toBe(
      'app in (a,c),!x',
    );
  });

  test('refuses broken percent-encoding', () => {
    expect(() => parseRequest('/api/v1/%zz')).toThrow(URIError);
  });
});
