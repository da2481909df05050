import { describe, expect, it } from 'vitest';
import { plainReply, replyText, statusIn } from '../../../src/formats/http-reply.ts';
import { readRequest, REQUEST_MAX } from '../../../src/formats/http-request.ts';

describe('a request', () => {
  it.each([
    ['GET /metrics HTTP/1.1\r\nHost: a\r\nX-Y:z\r\n\r\n', 'GET', '/metrics'],
    ['GET /metrics HTTP/1.0\n\n', 'GET', '/metrics'],
    ['HEAD /metrics?a=/b?c HTTP/1.1\r\n\r\nmore', 'HEAD', '/metrics'],
    ['GET http://host:1/metrics HTTP/1.1\r\n\r\n', 'GET', '/metrics'],
    ['GET http://host HTTP/1.1\r\n\r\n', 'GET', '/'],
    ['OPTIONS * HTTP/1.1\r\n\r\n', 'OPTIONS', '*'],
  ])('%j', (text, method, path) => {
    expect(readRequest(text)).toEqual({ method, path });
  });

  it('is awaited as long as it can become one', () => {
    const text = 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n';
    for (let length = 0; length < text.length; length++) expect(readRequest(text.slice(0, length))).toBe('more');
    expect(readRequest(text)).not.toBe('more');
  });

  it.each([
    '\r\n\r\n',
    '\n',
    'GET\r\n',
    'GET /metrics\r\n',
    'GET /metrics HTTP/2.0\r\n',
    'GET  /metrics HTTP/1.1\r\n',
    'GET /metrics HTTP/1.1 \r\n',
    'GET /a\xffb HTTP/1.1\r\n',
    'G(T /metrics HTTP/1.1\r\n',
    '\x16\x03\x01',
    'GET /\0',
    'GET / HTTP/1.1\r\nHost\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
    'GET / HTTP/1.1\r\n folded: a\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\0c\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\rc: d\r\n\r\n',
  ])('is none of %j', (text) => {
    expect(readRequest(text)).toBe('wrong');
  });

  it('has at most 4 KiB', () => {
    const head = 'GET / HTTP/1.1\r\nA: ';
    const fitting = `${head}${'x'.repeat(REQUEST_MAX - head.length - 4)}\r\n\r\n`;
    expect(readRequest(fitting)).toEqual({ method: 'GET', path: '/' });
    expect(readRequest(`${head}${'x'.repeat(REQUEST_MAX)}\r\n\r\n`)).toBe('wrong');
    expect(readRequest('G'.repeat(REQUEST_MAX - 1))).toBe('more');
    expect(readRequest('G'.repeat(REQUEST_MAX))).toBe('wrong');
  });
});

describe('a reply', () => {
  it('has its length, and a body but for HEAD', () => {
    const head = 'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n';
    expect(replyText(plainReply(404), false)).toBe(`${head}Connection: close\r\n\r\nNot Found\n`);
    expect(replyText(plainReply(404), true)).toBe(`${head}Connection: close\r\n\r\n`);
  });

  it('says which methods there are', () => {
    expect(replyText(plainReply(405), false)).toContain('\r\nAllow: GET, HEAD\r\n');
  });
});

describe('a status line', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\n', 200],
    ['HTTP/1.0 404\r\nmore', 404],
    ['HTTP/1.1 503 \xc3\xa9\n', 503],
    ['HTTP/1.1 20', 'more'],
    ['', 'more'],
    ['HTTP/1.1 2000 OK\r\n', null],
    ['HTTP/2 200\r\n', null],
    ['SSH-2.0-x\r\n', null],
    ['\0\0', null],
    ['x'.repeat(2000), null],
  ])('%j', (text, status) => {
    expect(statusIn(text)).toBe(status);
  });
});
