import { describe, expect, test } from 'vitest';
import { baseImages } from '../../../src/build/image/base-images.ts';

const named = (text: string, args: Readonly<Record<string, string>> = {}) =>
  baseImages(text, new Map(Object.entries(args)));

describe('images that a Dockerfile needs', () => {
  test('each FROM once; scratch and stages are none', () => {
    const file = `FROM debian:12 AS build
RUN make
FROM Build AS second
FROM scratch
COPY --from=build / /
FROM debian:12
`;
    expect(named(file)).toEqual(['debian:12']);
  });

  test('a word in lower case, a platform, quotes, Windows line ends', () => {
    expect(named('from --platform=$BUILDPLATFORM "node:20" as x\r\nrun true\r\n')).toEqual(['node:20']);
  });

  test('arguments before the first FROM, with defaults and given values', () => {
    const file = `ARG VERSION=20 REGISTRY="registry.example.com"
ARG VARIANT
FROM \${REGISTRY}/node:$VERSION\${VARIANT:+-$VARIANT}
ARG VERSION=99
FROM alpine:\${ALPINE:-3.20}
`;
    expect(named(file)).toEqual(['registry.example.com/node:20', 'alpine:3.20']);
    expect(named(file, { VERSION: '22' })).toEqual(['registry.example.com/node:22', 'alpine:3.20']);
  });

  test('COPY --from and mounts of RUN, stages by number are none', () => {
    const file = `FROM a AS one
COPY --from=0 /x /x
COPY --chown=1:1 --from=busybox:1 /bin/busybox /bin/
RUN --mount=type=bind,from=tools:2,source=/x,target=/y --mount=type=cache,target=/c make
`;
    expect(named(file)).toEqual(['a', 'busybox:1', 'tools:2']);
  });

  test('continued lines, with comments among them, and another escape', () => {
    expect(named('FROM \\\n# the base\n\n  debian:12 \\  \n AS x\nRUN echo \\\n FROM no\n')).toEqual(['debian:12']);
    expect(named('# escape=`\nFROM `\n debian:12\n')).toEqual(['debian:12']);
  });

  test('what stands in a here-document is no instruction', () => {
    expect(named('FROM a\nRUN <<EOF\nFROM b\nEOF\nFROM c\n')).toEqual(['a', 'c']);
  });

  test('nothing, and nonsense', () => {
    expect(named('')).toEqual([]);
    expect(named('FROM\n\\')).toEqual([]);
  });
});
