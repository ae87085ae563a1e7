// The person's own key: a small text file under a passphrase (Argon2id, AES-256-GCM; src/cli/keys.c writes it). It is opened here,
// in the browser, and kept as a key that WebCrypto does not give out again, until the page is left.
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { boxKey } from "./box";
import { join, unhex, utf8, type Bytes } from "./bytes";

export interface Person {
  name: string;
  key: CryptoKey;        // signs
  box: CryptoKey | null; // opens what was sealed to it
}

export type KeyFile = { name: string; quick: boolean; salt: Bytes; box: Bytes };

/** Null: not a personal key of Entente. */
export function readKeyFile(text: string): KeyFile | null {
  const m = /^entente-person-key\/v1\n(\S{1,64})\nargon2id (quick|full) ([0-9a-f]{32})\n([0-9a-f]{120})\n?$/.exec(text);
  if (!m) return null;
  return { name: m[1]!, quick: m[2] === "quick", salt: unhex(m[3]!)!, box: unhex(m[4]!)! };
}

const PKCS8 = unhex("302e020100300506032b657004220420")!; // RFC 8410: an Ed25519 private key follows

/** The seed as a key that signs and that WebCrypto does not give out; the DER form between is overwritten. */
export async function personOf(name: string, seed: Bytes): Promise<Person> {
  const der = join(PKCS8, seed);
  try {
    return { name, key: await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]), box: await boxKey(seed) };
  } finally {
    der.fill(0);
  }
}

/** Null: the passphrase is not this one. The passphrase's key and the seed are overwritten. `use` sees the seed before that. */
export async function openKey(file: KeyFile, passphrase: string, progress: (part: number) => void, use?: (seed: Bytes) => Promise<void>): Promise<Person | null> {
  const secret = await argon2idAsync(utf8(passphrase), file.salt, {
    t: file.quick ? 1 : 3, m: file.quick ? 8192 : 65536, p: 1, dkLen: 32, onProgress: progress,
  }) as Bytes;
  let seed: Bytes | null = null;
  try {
    const aes = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: file.box.slice(0, 12), additionalData: utf8(file.name) };
    seed = new Uint8Array(await crypto.subtle.decrypt(how, aes, file.box.slice(12)).catch((e: unknown) => {
      if (e instanceof DOMException && e.name === "OperationError") return new ArrayBuffer(0);
      throw e;
    }));
    if (!seed.length) return null;
    await use?.(seed);
    return await personOf(file.name, seed);
  } finally {
    secret.fill(0);
    seed?.fill(0);
  }
}

export const sign = async (who: Person, text: string): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.sign("Ed25519", who.key, utf8(text)));
