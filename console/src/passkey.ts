// WebAuthn: the person's key, opened by this machine's authenticator in place of the passphrase. The node knows one key of a person and
// no other, Ed25519, with which every act is signed; what lies in this browser is that key, sealed under a secret that only the
// authenticator gives, after it has verified its user (WebAuthn Level 3, 10.1.4, prf; CTAP 2.1, hmac-secret). Another origin, another
// machine and a thief of the browser's files get nothing.
import { hex, join, unhex, utf8, type Bytes } from "./bytes";
import { personOf, type Person } from "./keys";

type Sealed = { name: string; id: string; salt: string; box: string };

const PREFIX = "entente-passkey/v1 ";
const random = (n: number): Bytes => crypto.getRandomValues(new Uint8Array(n));

/** Browsers take names as relying parties, no addresses: localhost is one. */
export const canSeal = (): boolean => typeof PublicKeyCredential === "function" && isSecureContext && !/^[\d.[\]:]+$/.test(location.hostname);

export function sealedNames(): string[] {
  return Object.keys(localStorage).filter((k) => k.startsWith(PREFIX)).map((k) => k.slice(PREFIX.length)).sort();
}

function stored(name: string): Sealed | null {
  try {
    const s = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null") as Sealed | null;
    return s && s.name === name && [s.id, s.salt, s.box].every((x) => typeof x === "string" && unhex(x)) ? s : null;
  } catch {
    return null;
  }
}

export const forget = (name: string): void => localStorage.removeItem(PREFIX + name);

async function keyOf(secret: BufferSource, name: string): Promise<CryptoKey> {
  const from = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: utf8(location.host), info: utf8(`entente passkey v1 ${name}`) }, from, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const secretOf = (c: Credential | null): BufferSource | null => (c as PublicKeyCredential | null)?.getClientExtensionResults().prf?.results?.first ?? null;

async function ask(id: Bytes, salt: Bytes): Promise<BufferSource | null> {
  return secretOf(await navigator.credentials.get({ publicKey: {
    challenge: random(32), rpId: location.hostname, allowCredentials: [{ type: "public-key", id }], userVerification: "required", timeout: 60000, extensions: { prf: { eval: { first: salt } } },
  } }));
}

/** Seals the seed under a new credential of the authenticator. False: this authenticator gives no secret (no prf). */
export async function seal(name: string, seed: Bytes): Promise<boolean> {
  const salt = random(32);
  const made = await navigator.credentials.create({ publicKey: {
    challenge: random(32), rp: { id: location.hostname, name: "Entente" }, user: { id: random(32), name, displayName: name },
    pubKeyCredParams: [{ type: "public-key", alg: -8 }, { type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
    authenticatorSelection: { userVerification: "required", residentKey: "discouraged" }, attestation: "none", timeout: 60000, extensions: { prf: { eval: { first: salt } } },
  } }) as PublicKeyCredential | null;
  if (!made) return false;
  const id = new Uint8Array(made.rawId), secret = secretOf(made) ?? (made.getClientExtensionResults().prf?.enabled ? await ask(id, salt) : null);
  if (!secret) return false;
  const iv = random(12), box = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(name) }, await keyOf(secret, name), seed));
  localStorage.setItem(PREFIX + name, JSON.stringify({ name, id: hex(id), salt: hex(salt), box: hex(join(iv, box)) } satisfies Sealed));
  return true;
}

/** Null: nothing is sealed here under this name, or the authenticator is another. Throws NotAllowedError when its user refused. */
export async function open(name: string): Promise<Person | null> {
  const s = stored(name), secret = s && (await ask(unhex(s.id)!, unhex(s.salt)!));
  if (!s || !secret) return null;
  const box = unhex(s.box)!;
  let seed: Bytes | null = null;
  try {
    seed = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: box.slice(0, 12), additionalData: utf8(name) }, await keyOf(secret, name), box.slice(12)));
    return await personOf(name, seed);
  } catch (e) {
    if (e instanceof DOMException && e.name === "OperationError") return null;
    throw e;
  } finally {
    seed?.fill(0);
  }
}
