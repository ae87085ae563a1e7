// Independent code (npm: http-message-signatures) verifies what a node signs, and signs what a node accepts.
// node signatures.mjs WIRE_PEER VECTORS; exits 77 (skipped) when the package is not installed here.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert';

const library = await import('http-message-signatures').catch(() => {
  console.log('skipped: run npm ci in tests/interop');
  process.exit(77);
});
const { httpbis } = library.default ?? library;
const [peer, vectors] = process.argv.slice(2);

const privateKey = first => createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from([first]), Buffer.alloc(31)]),
  format: 'der', type: 'pkcs8' });
const requester = privateKey(2), holder = privateKey(1);

const read = name => {
  const [head, ...rest] = readFileSync(join(vectors, name), 'utf8').split('\n\n');
  const [first, ...lines] = head.split('\n');
  const headers = Object.fromEntries(lines.map(l => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 2)]));
  return { first, headers, body: rest.join('\n\n') };
};
const verifier = key => ({
  notAfter: 4e9, maxAge: 4e9,
  keyLookup: async () => ({ algs: ['ed25519'],
    verify: async (data, signature) => verify(null, data, createPublicKey(key), signature) }),
});

const request = { method: 'POST', url: 'https://node.example/v1/search', ...read('request.txt') };
const answer = { status: 200, ...read('answer.txt') };
assert.equal(request.headers['content-digest'],
  `sha-256=:${createHash('sha256').update(request.body).digest('base64')}:`);
assert.equal(await httpbis.verifyMessage(verifier(requester), request), true);
assert.equal(await httpbis.verifyMessage(verifier(holder), answer, request), true);
assert.equal(await httpbis.verifyMessage(verifier(holder), request), false);

// A request of a stranger's making.
const body = 'signed by somebody else';
const headers = {
  'content-type': 'application/octet-stream',
  'content-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
  'entente-version': '1', 'entente-to': 'gb.home-office', 'entente-message': '0f'.repeat(16),
};
const keyid = createPublicKey(requester).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
const signed = await httpbis.signMessage({
  name: 'entente', key: { id: keyid, alg: 'ed25519', sign: async data => sign(null, data, requester) },
  fields: ['@method', '@path', ...Object.keys(headers)],
  params: ['created', 'keyid', 'nonce', 'alg', 'tag'],
  paramValues: { created: new Date('2026-03-10T09:08:10Z'), nonce: 'bm9uY2U=', tag: 'entente-request' },
}, { method: 'POST', url: 'https://node.example/v1/search', headers, body });
const folder = mkdtempSync(join(tmpdir(), 'entente-'));
try {
  const text = h => `POST /v1/search\n${Object.entries(h).map(([n, v]) => `${n}: ${v}`).join('\n')}\n\n${body}`;
  const file = join(folder, 'request.txt');
  writeFileSync(file, text(signed.headers));
  console.log(execFileSync(peer, ['accept', file], { encoding: 'utf8' }).trim());
  writeFileSync(file, text({ ...signed.headers, 'entente-to': 'fr.other' }));
  assert.throws(() => execFileSync(peer, ['accept', file], { stdio: 'ignore' }));
} finally {
  rmSync(folder, { recursive: true });
}
console.log('both directions verify');
