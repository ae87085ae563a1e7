// A box that was sealed to a person's key (libsodium's crypto_box_seal: X25519, XSalsa20-Poly1305) is opened here, by the form of the key that
// agrees on secrets. WebCrypto keeps that one too and does not give it out.
import { hsalsa, xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { join, unhex, utf8, type Bytes } from "./bytes";

const PKCS8 = unhex("302e020100300506032b656e04220420")!; // RFC 8410: an X25519 private key follows
const BASE = Uint8Array.of(9, ...new Array<number>(31).fill(0));

/** The X25519 form of an Ed25519 seed: the first half of its SHA-512. Null: this browser does not know X25519. */
export async function boxKey(seed: Bytes): Promise<CryptoKey | null> {
  const scalar = new Uint8Array(await crypto.subtle.digest("SHA-512", seed)), der = join(PKCS8, scalar.subarray(0, 32));
  try {
    return await crypto.subtle.importKey("pkcs8", der, "X25519", false, ["deriveBits"]);
  } catch (e) {
    if (e instanceof DOMException) return null;
    throw e;
  } finally {
    scalar.fill(0);
    der.fill(0);
  }
}

async function agree(key: CryptoKey, point: Bytes): Promise<Bytes> {
  const other = await crypto.subtle.importKey("raw", point, "X25519", false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: other }, key, 256));
}

const words = (b: Bytes): Uint32Array => {
  const view = new DataView(b.buffer, b.byteOffset, b.length);
  return Uint32Array.from({ length: b.length / 4 }, (_, i) => view.getUint32(4 * i, true));
};

function bytes(w: Uint32Array): Bytes {
  const out = new Uint8Array(4 * w.length), view = new DataView(out.buffer);
  w.forEach((x, i) => view.setUint32(4 * i, x, true));
  return out;
}

/** Null: it is for another key, or not whole. */
export async function openBox(key: CryptoKey, box: Bytes): Promise<Bytes | null> {
  if (box.length < 48) return null;
  const ephemeral = box.slice(0, 32), own = await agree(key, BASE), shared = await agree(key, ephemeral), secret = new Uint32Array(8);
  hsalsa(words(utf8("expand 32-byte k")), words(shared), new Uint32Array(4), secret);
  const nonce = blake2b(join(ephemeral, own), { dkLen: 24 });
  try {
    return Uint8Array.from(xsalsa20poly1305(bytes(secret), nonce).decrypt(box.slice(32)));
  } catch {
    return null;
  } finally {
    shared.fill(0);
    secret.fill(0);
  }
}
