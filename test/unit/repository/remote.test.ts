import { describe, expect, it } from 'vitest';
import {
  isLocalPath,
  redactor,
  redactUrls,
  remoteIdentity,
  splitCredentials,
} from '../../../src/repository/remote.js';

describe('the remote as host/path', () => {
  it.each([
    ['https://github.com/acme/certs.git', 'github.com/acme/certs'],
    ['https://GitHub.com/acme/certs/', 'github.com/acme/certs'],
    ['https://github.com:443/acme/certs.git/', 'github.com/acme/certs'],
    ['https://x-access-token:ghs_secret@github.com/acme/certs', 'github.com/acme/certs'],
    ['https://user:p@ss:w@github.com/acme/certs', 'github.com/acme/certs'],
    ['HTTP://github.com:80/acme/certs', 'github.com/acme/certs'],
    ['http://127.0.0.1:8080/remote.git', '127.0.0.1:8080/remote'],
    ['git@github.com:acme/certs.git', 'github.com/acme/certs'],
    ['github.com:acme/certs', 'github.com/acme/certs'],
    ['git@github.com:/acme/certs.git', 'github.com/acme/certs'],
    ['ssh://git@github.com/acme/certs.git', 'github.com/acme/certs'],
    ['ssh://git@github.com:22/acme/certs.git', 'github.com/acme/certs'],
    ['ssh://git@host.example:2222/acme/certs', 'host.example:2222/acme/certs'],
    ['ssh://[::1]:22/acme/certs', '[::1]/acme/certs'],
    ['git://host.example:9418/acme/certs', 'host.example/acme/certs'],
    ['https://host.example/Acme/Certs%20x', 'host.example/Acme/Certs x'],
    ['https://host.example/acme/certs?token=secret#x', 'host.example/acme/certs'],
    ['/srv/git/certs.git', 'local/srv/git/certs'],
    ['/srv/git/certs/', 'local/srv/git/certs'],
    ['file:///srv/git/certs.git', 'local/srv/git/certs'],
    ['file://localhost/srv/git/certs.git', 'local/srv/git/certs'],
  ])('%s → %s', (url, identity) => {
    expect(remoteIdentity(url)).toBe(identity);
  });

  it.each([
    ['/srv/x', true],
    ['../x', true],
    ['./a:b', true],
    ['x.git', true],
    ['git@host:x', false],
    ['host:x', false],
    ['https://host/x', false],
    ['codecommit::eu-west-1://x', false],
  ])('%s is a path on this machine: %s', (url, local) => {
    expect(isLocalPath(url)).toBe(local);
  });
});

describe('credentials', () => {
  it.each([
    ['https://u:p%40ss@host/x', { url: 'https://host/x', username: 'u', password: 'p@ss' }],
    ['https://token@host/x', { url: 'https://host/x', username: 'token' }],
    ['https://u:@host/x', { url: 'https://host/x', username: 'u', password: '' }],
    ['https://host/x@y', { url: 'https://host/x@y' }],
    ['ssh://git@host/x', { url: 'ssh://git@host/x' }],
  ])('are taken out of %s', (url, parts) => {
    expect(splitCredentials(url)).toEqual(parts);
  });

  it('never survive in a text', () => {
    const text = "fatal: unable to access 'https://ann:p@ss@host.example/x/': https://tok@h/y";
    expect(redactUrls(text)).toBe(
      "fatal: unable to access 'https://[redacted]@host.example/x/': https://[redacted]@h/y",
    );
  });

  it('are found by their parts too, and words of the protocol stay readable', () => {
    const redact = redactor(['AUTHORIZATION: basic c2VjcmV0', 'hunter22']);
    expect(redact('basic auth: c2VjcmV0 hunter22')).toBe('basic auth: [redacted] [redacted]');
  });
});
