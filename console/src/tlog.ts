// The ledger's mathematics in the browser, trusting no server: signed notes, checkpoints, RFC 6962 trees, C2SP tlog-proofs and the
// entries of docs/protocol/ledger.md. Digests and signatures are WebCrypto's. tests/console/vectors.mjs runs it over the vectors
// that the C code is tested with.
import { base64, hex, join, same, sha256, unbase64, utf8, type Bytes } from "./bytes";

export type Verifier = { name: string; key: Bytes; hash: Bytes };
export type Checkpoint = { origin: string; size: number; root: Bytes; text: string; signatures: { name: string; hash: Bytes; signature: Bytes }[] };
export type Entry = {
  kind: number; time: Date; caseNumber: string; follows: number | null; agreement: string; version: number; flow: string; purpose: string; clause: string;
  destroyBy: string; actor: string; party: number;
};
export type Proof = { index: number; path: Bytes[]; extra: Bytes; checkpoint: Checkpoint };

/* ---- keys ---- */

/** C2SP signed-note: the first four bytes of SHA-256(name, newline, 0x01, key). */
export async function verifier(name: string, key: Bytes): Promise<Verifier> {
  return { name, key, hash: (await sha256(join(utf8(`${name}\n`), Uint8Array.of(1), key))).slice(0, 4) };
}

/** NAME+HASH+BASE64(0x01 and the key). Null: another form, or the hash is not the key's. */
export async function readVkey(text: string): Promise<Verifier | null> {
  const m = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n?$/.exec(text), bytes = m && unbase64(m[3]!);
  if (!m || !bytes || bytes.length !== 33 || bytes[0] !== 1) return null;
  const v = await verifier(m[1]!, bytes.slice(1));
  return hex(v.hash) === m[2] ? v : null;
}

async function signed(key: Bytes, text: string, signature: Bytes): Promise<boolean> {
  const k = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", k, signature, utf8(text));
}

/** A node's card (docs/protocol/exchange.md, 1). Null: no card; "signature": its own signature is wrong. */
export async function readCard(text: string): Promise<Verifier | "signature" | null> {
  const m = /^(entente-card\/v1\nname (\S+)\n[\s\S]*?\nidentity ed25519 (\S{44})\n[\s\S]*\n)signature ed25519 (\S{88})\n$/.exec(text);
  const key = m && unbase64(m[3]!), signature = m && unbase64(m[4]!);
  if (!m || !key || key.length !== 32 || !signature || signature.length !== 64) return null;
  return (await signed(key, m[1]!, signature)) ? verifier(m[2]!, key) : "signature";
}

/** What two persons read to each other (src/crypto/sign.c). */
export async function keyDigits(key: Bytes): Promise<string> {
  const view = new DataView((await sha256(join(utf8("entente key digits"), key))).buffer);
  return Array.from({ length: 7 }, (_, i) => String(view.getUint32(4 * i) % 100000).padStart(5, "0")).join(" ");
}

/* ---- notes and checkpoints ---- */

/** The text of a note and its signatures; null when it is no signed note. */
export function readNote(note: string): { text: string; signatures: Checkpoint["signatures"] } | null {
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0 || !note.endsWith("\n")) return null;
  const lines = note.slice(cut + 2, -1).split("\n").map((line) => /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line));
  const signatures = [];
  for (const m of lines) {
    const bytes = m && unbase64(m[2]!);
    if (!m || !bytes || bytes.length < 5) return null;
    signatures.push({ name: m[1]!, hash: bytes.slice(0, 4), signature: bytes.slice(4) });
  }
  return { text: note.slice(0, cut + 1), signatures };
}

export async function noteSigned(note: { text: string; signatures: Checkpoint["signatures"] }, by: Verifier): Promise<boolean> {
  for (const s of note.signatures)
    if (s.name === by.name && same(s.hash, by.hash) && s.signature.length === 64 && (await signed(by.key, note.text, s.signature))) return true;
  return false;
}

const decimal = (text: string): number | null => (/^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null);

export function readCheckpoint(text: string): Checkpoint | null {
  const note = readNote(text), [origin = "", size = "", root = ""] = note?.text.split("\n") ?? [];
  const n = decimal(size), r = unbase64(root);
  if (!note || !origin || n === null || !r || r.length !== 32) return null;
  return { origin, size: n, root: r, ...note };
}

/* ---- trees (RFC 6962, 2.1; RFC 9162, 2.1.3.2) ---- */

export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(join(Uint8Array.of(0), entry));
const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(join(Uint8Array.of(1), left, right));

/** The root over leaves' hashes. An odd one at a level goes up as it is, which is RFC 6962's split by powers of two. */
export async function treeRoot(leaves: Bytes[]): Promise<Bytes> {
  if (!leaves.length) return sha256(new Uint8Array(0));
  let level = leaves;
  while (level.length > 1) {
    const pairs: Promise<Bytes>[] = [];
    for (let i = 0; i < level.length; i += 2) pairs.push(i + 1 < level.length ? nodeHash(level[i]!, level[i + 1]!) : Promise.resolve(level[i]!));
    level = await Promise.all(pairs);
  }
  return level[0]!;
}

export async function included(leaf: Bytes, index: number, size: number, path: Bytes[], root: Bytes): Promise<boolean> {
  if (index >= size) return false;
  let fn = index, sn = size - 1, r = leaf;
  for (const p of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = await nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      r = await nodeHash(r, p);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && same(r, root);
}

/* ---- entries ---- */

export const ENTRY = 256;
export const kinds: Record<number, string> = {
  1: "opened", 2: "person", 3: "key", 4: "partner", 5: "agreement", 6: "regime", 7: "year closed", 16: "enrolled", 17: "event", 18: "extended", 19: "due", 20: "destroyed", 21: "held",
  22: "exported", 32: "asked", 33: "answered no hit", 34: "answered hit", 35: "refused", 36: "received", 37: "examined", 38: "disclosed", 39: "closed", 40: "recalled",
  41: "feed", 42: "local search", 43: "kept", 44: "linked", 45: "approved", 46: "redress", 47: "lot", 48: "alarm", 49: "designation",
  50: "crossed",
};

/** Printable ASCII, then NULs to the end of the field, at least one. */
function word(b: Bytes): string | null {
  const end = b.indexOf(0);
  if (end < 0 || b.subarray(end).some((x) => x !== 0) || b.subarray(0, end).some((x) => x < 0x20 || x > 0x7e)) return null;
  return String.fromCharCode(...b.subarray(0, end));
}

function day(n: number): string | null {
  if (n === 0) return "";
  const text = String(n), iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`, ms = Date.parse(`${iso}T00:00:00Z`);
  return text.length === 8 && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(iso) ? iso : null;
}

/** Null for what an encoder cannot have written. */
export function readEntry(b: Bytes): Entry | null {
  if (b.length !== ENTRY || b[0] !== 1 || !kinds[b[1]!] || b.subarray(243).some((x) => x !== 0)) return null;
  if (b[242] !== 0 && b.subarray(34, 66).every((x) => x === 0)) return null; // a party of no agreement
  const v = new DataView(b.buffer, b.byteOffset, ENTRY), ms = v.getBigUint64(2), follows = v.getBigUint64(26);
  const flow = word(b.subarray(70, 102)), purpose = word(b.subarray(102, 142)), clause = word(b.subarray(142, 190)), destroyBy = day(v.getUint32(190));
  if (ms > 253402300799999n || flow === null || purpose === null || clause === null || destroyBy === null) return null;
  return {
    kind: b[1]!, time: new Date(Number(ms)), caseNumber: hex(b.subarray(10, 26)), follows: follows === 0xffffffffffffffffn ? null : Number(follows),
    agreement: hex(b.subarray(34, 66)), version: v.getUint32(66), flow, purpose, clause, destroyBy, actor: hex(b.subarray(194, 210)), party: b[242]!,
  };
}

/* ---- proofs ---- */

/** A C2SP tlog-proof, version 1, with an extra. */
export function readProof(text: string): Proof | null {
  const cut = text.indexOf("\n\n"), lines = text.slice(0, cut).split("\n"), checkpoint = readCheckpoint(text.slice(cut + 2));
  const extra = /^extra (\S+)$/.exec(lines[1] ?? ""), index = /^index (\d+)$/.exec(lines[2] ?? ""), path = lines.slice(3).map(unbase64);
  const bytes = extra && unbase64(extra[1]!), at = index && decimal(index[1]!);
  if (cut < 0 || lines[0] !== "c2sp.org/tlog-proof@v1" || !bytes || at === null || at === undefined || !checkpoint || path.length > 63) return null;
  const good = path.filter((p): p is Bytes => p !== null && p.length === 32);
  return good.length === path.length ? { index: at, path: good, extra: bytes, checkpoint } : null;
}

export type Verdict = { good: true; entry: Entry } | { good: false; why: "form" | "signature" | "path" };

/** Each year is a log of its own: NAME/2026. The key of one of them, or of the name, from a card; null: another's log. */
export async function logKey(by: Verifier, origin: string): Promise<Verifier | null> {
  if (by.name === origin) return by;
  return origin.replace(/\/(19[7-9]\d|[2-9]\d{3})$/, "") === by.name ? verifier(origin, by.key) : null;
}

/** A receipt (docs/protocol/ledger.md, "Receipt"): the three steps of `entente verify`. */
export async function checkReceipt(p: Proof, by: Verifier): Promise<Verdict> {
  const entry = readEntry(p.extra);
  if (!entry) return { good: false, why: "form" };
  const log = await logKey(by, p.checkpoint.origin);
  if (!log || !(await noteSigned(p.checkpoint, log))) return { good: false, why: "signature" };
  if (!(await included(await leafHash(p.extra), p.index, p.checkpoint.size, p.path, p.checkpoint.root))) return { good: false, why: "path" };
  return { good: true, entry };
}

/* ---- whole ledgers ---- */

/** The entries of a C2SP entry bundle: each with its length, 16 bits, in front. Null: cut, or another length than an entry's. */
export function readBundle(b: Bytes): Bytes[] | null {
  const all: Bytes[] = [];
  for (let at = 0; at < b.length; at += 2 + ENTRY) {
    if (b.length - at < 2 + ENTRY || b[at]! * 256 + b[at + 1]! !== ENTRY) return null;
    all.push(b.slice(at + 2, at + 2 + ENTRY));
  }
  return all;
}

/** tlog-tiles: three digits a part, all but the last with an x; a partial one says how wide it is. */
export function entriesPath(n: number, width: number): string {
  let path = String(n % 1000).padStart(3, "0");
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000)) path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  return `tile/entries/${path}${width < 256 ? `.p/${width}` : ""}`;
}

export type LedgerVerdict = { good: true; entries: Entry[] } | { good: false; why: "signature" | "root" | "entry"; index: number };

/** Where each year begins in a row of entries: its first entry, "opened", names it. */
function years(entries: Entry[]): { year: string; first: number }[] {
  const all: { year: string; first: number }[] = [];
  entries.forEach((e, i) => {
    const opens = e.kind === 1 && /^\d{4}$/.test(e.purpose);
    if (opens || i === 0) all.push({ year: opens ? e.purpose : "", first: i });
  });
  return all;
}

/** All years in one row: the checkpoint signs the last, and each year's first entry binds the last checkpoint of the year before. */
export async function checkLedger(c: Checkpoint, raw: Bytes[], by: Verifier): Promise<LedgerVerdict> {
  const log = await logKey(by, c.origin);
  if (!log || !(await noteSigned(c, log))) return { good: false, why: "signature", index: 0 };
  const entries: Entry[] = [];
  for (const [i, b] of raw.entries()) {
    const e = readEntry(b);
    if (!e) return { good: false, why: "entry", index: i };
    entries.push(e);
  }
  const name = c.origin.replace(/\/\d{4}$/, ""), all = years(entries), origin = (year: string) => (year ? `${name}/${year}` : name);
  for (const [i, s] of all.entries()) {
    const next = all[i + 1], size = next ? next.first - s.first : c.size, leaves = await Promise.all(raw.slice(s.first, s.first + size).map(leafHash));
    const root = await treeRoot(leaves);
    if (leaves.length < size || (!next && (origin(s.year) !== c.origin || !same(root, c.root)))) return { good: false, why: "root", index: s.first };
    if (!next) continue;
    const closing = entries[next.first - 1]!, opening = entries[next.first]!, text = `${origin(s.year)}\n${size}\n${base64(root)}\n`;
    const bound = closing.kind === 7 && closing.purpose === next.year && opening.follows === next.first - 1 && same(await sha256(utf8(text)), raw[next.first]!.slice(210, 242));
    if (!bound) return { good: false, why: "root", index: next.first };
  }
  const last = all.at(-1);
  return { good: true, entries: entries.slice(0, last ? last.first + c.size : 0) };
}
