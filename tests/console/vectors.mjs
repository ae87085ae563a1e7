// The browser's ledger code over the vectors that the C code is tested with (tests/vectors/ledger), and its refusals.
import { build } from "../../console/node_modules/esbuild/lib/main.js";
import { webcrypto } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

globalThis.crypto ??= webcrypto; // Node 18 has it there only
const root = new URL("../../", import.meta.url).pathname;
const folder = mkdtempSync(`${tmpdir()}/entente-vectors-`), outfile = `${folder}/tlog.mjs`;
await build({ entryPoints: [`${root}console/src/tlog.ts`], bundle: true, format: "esm", outfile, target: "es2023" });
const t = await import(outfile);
rmSync(folder, { recursive: true });
const vector = (name) => readFileSync(`${root}tests/vectors/ledger/${name}`, "utf8");
let failures = 0;
function check(what, good) {
  console.log(`${good ? "ok  " : "FAIL"}  ${what}`);
  if (!good) failures++;
}

const key = await t.readVkey(vector("receipt.vkey")), text = vector("receipt.tlog-proof"), proof = t.readProof(text);
const verdict = await t.checkReceipt(proof, key);
check("the receipt is proven", verdict.good && proof.index === 5);
check("its entry reads as in C", verdict.entry.flow === "border-check" && verdict.entry.purpose === "threat-check" && t.kinds[verdict.entry.kind] === "asked");
check("a witness's key (tlog-cosignature) is no log's key", (await t.readVkey(vector("witness.vkey"))) === null);
const example = await t.readVkey(vector("signed-note.vkey"));
check("C2SP's signed-note example is signed", await t.noteSigned(t.readNote(vector("signed-note.txt")), example));
check("another key of the same name does not do", (await t.checkReceipt(proof, await t.verifier(key.name, example.key))).why === "signature");
check("and not when a letter is another", !(await t.noteSigned(t.readNote(vector("signed-note.txt").replace("e", "a")), example)));
const checkpoint = t.readCheckpoint(vector("checkpoint.txt"));
check("the checkpoint reads", checkpoint !== null && checkpoint.root.length === 32);

// Every character of the proof, changed: refused, or not a proof at all. What follows the log's own signature is the witnesses'.
const end = text.indexOf("\n", text.indexOf("\n— gb.example") + 1);
let accepted = 0;
for (let i = 0; i < end; i++) {
  const other = text.slice(0, i) + (text[i] === "B" ? "C" : "B") + text.slice(i + 1), p = t.readProof(other);
  if (p && (await t.checkReceipt(p, key)).good && other !== text) accepted++;
}
check(`no changed character in ${end} is accepted`, accepted === 0);

// Trees of every size to 40: each leaf's path, made here by RFC 6962's own recursion, is accepted, and at no other index.
const entry = (i) => Uint8Array.of(i), leaves = await Promise.all(Array.from({ length: 40 }, (_, i) => t.leafHash(entry(i))));
const split = (n) => 2 ** Math.ceil(Math.log2(n) - 1);
async function path(m, d) {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...(await path(m, d.slice(0, k))), await t.treeRoot(d.slice(k))] : [...(await path(m - k, d.slice(k))), await t.treeRoot(d.slice(0, k))];
}
let wrong = 0;
for (let n = 1; n <= 40; n++) {
  const d = leaves.slice(0, n), r = await t.treeRoot(d);
  for (let m = 0; m < n; m++) {
    const p = await path(m, d);
    if (!(await t.included(d[m], m, n, p, r))) wrong++;
    if (n > 1 && (await t.included(d[m], (m + 1) % n, n, p, r))) wrong++;
    if (await t.included(d[m], m, n, [...p, d[0]], r)) wrong++;
  }
}
check("paths in trees of 1 to 40 leaves", wrong === 0);
check("paths of tiles", t.entriesPath(0, 3) === "tile/entries/000.p/3" && t.entriesPath(1234067, 256) === "tile/entries/x001/x234/067");

// Two years in one row: the second's checkpoint holds both; no bit of either may be another, and neither year may end elsewhere.
const row = new Uint8Array(readFileSync(`${root}tests/vectors/ledger/years.entries`)), both = t.readCheckpoint(vector("years.checkpoint"));
const cutRow = (bytes) => Array.from({ length: bytes.length / 256 }, (_, i) => bytes.slice(256 * i, 256 * i + 256));
const home = await t.verifier("gb.example", key.key), whole = await t.checkLedger(both, cutRow(row), home);
check("a row of two years is proven by the name's key", whole.good && whole.entries.length === 6 && whole.entries[3].purpose === "2027");
check("and by the second year's key", (await t.checkLedger(both, cutRow(row), await t.verifier("gb.example/2027", key.key))).good);
check("but not by the first year's", (await t.checkLedger(both, cutRow(row), await t.verifier("gb.example/2026", key.key))).why === "signature");
let taken = 0;
for (let i = 0; i < row.length; i += 5) {
  const other = row.slice();
  other[i] ^= 1;
  if ((await t.checkLedger(both, cutRow(other), home)).good) taken++;
}
check("no changed bit of two years is accepted", taken === 0);
check("an entry less in the closed year is none", !(await t.checkLedger(both, cutRow(row).filter((_, i) => i !== 1), home)).good);
const raw = proof.extra, cut = (at, v) => { const b = raw.slice(); b[at] = v; return t.readEntry(b); };
check("entries that no encoder writes are refused", !cut(0, 2) && !cut(1, 9) && !cut(255, 1) && !cut(101, 65) && !cut(193, 1) && !t.readEntry(raw.slice(1)));
process.exit(failures ? 1 : 0);
