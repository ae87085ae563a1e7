// A peer written from docs/protocol alone, with nothing of this program: card, agreement, a ledger of its own, one signed search over mutual TLS,
// the answer and its receipt verified. Node's own crypto and TLS, no package.
//   node peer.mjs card                        makes keys in this folder, prints the card
//   node peer.mjs propose HOLDER-CARD DEAL    signs an agreement and sends it
//   node peer.mjs search HOLDER-CARD DEAL PNG hit|no-hit
//   node peer.mjs begin HOLDER-CARD DEAL PNG; ask HOLDER-CARD OUTCOME; again HOLDER-CARD OUTCOME    a search that is asked after; OUTCOME: hit---, no-hit, or a status
import { createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, verify, X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import https from "node:https";
import assert from "node:assert";

const NAME = "us.example", YEAR = new Date().getUTCFullYear();
const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash("sha256")).digest();
const now = () => new Date().toISOString();

/* ---- keys and cards: exchange.md 1 ---- */

function key(file) {
  if (!existsSync(file)) writeFileSync(file, generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }));
  const secret = createPrivateKey(readFileSync(file));
  return { secret, raw: createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32) };
}
const publicOf = (raw) => createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]), format: "der", type: "spki" });
const identity = key("identity.pem");

function card() {
  if (!existsSync("tls.crt"))
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tls.key", "-out", "tls.crt", "-days", "30", "-subj", `/CN=${NAME}`], { stdio: "pipe" });
  const text = `entente-card/v1\nname ${NAME}\naddress https://127.0.0.1:1\nidentity ed25519 ${identity.raw.toString("base64")}\nserial 1\nissued ${now()}\n${readFileSync("tls.crt")}`;
  return `${text}signature ed25519 ${sign(null, Buffer.from(text), identity.secret).toString("base64")}\n`;
}

function readCard(file) {
  const text = readFileSync(file, "utf8"), field = (name) => new RegExp(`^${name} (.*)$`, "m").exec(text)[1];
  const raw = Buffer.from(field("identity ed25519"), "base64"), cut = text.lastIndexOf("signature ed25519 ");
  assert(verify(null, Buffer.from(text.slice(0, cut)), publicOf(raw), Buffer.from(text.slice(cut + 18).trim(), "base64")), "the holder's card is signed");
  const pins = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/g).map((pem) => new X509Certificate(pem).fingerprint256);
  return { name: field("name"), address: field("address"), raw, pins };
}

/* ---- messages: exchange.md 2 to 4 ---- */

const digestOf = (body) => `sha-256=:${sha256(body).toString("base64")}:`;

function send(holder, path, headers, body, method = "POST") {
  const components = ["@method", "@path", ...Object.keys(headers)];
  const params = `(${components.map((c) => `"${c}"`).join(" ")});created=${Math.floor(Date.now() / 1000)};keyid="${identity.raw.toString("hex")}";nonce="${randomBytes(16).toString("base64")}";alg="ed25519";tag="entente-request"`;
  const value = { "@method": method, "@path": path, ...headers };
  const base = components.map((c) => `"${c}": ${value[c]}\n`).join("") + `"@signature-params": ${params}`;
  const signature = sign(null, Buffer.from(base), identity.secret).toString("base64");
  const url = new URL(holder.address);
  return new Promise((resolve, reject) => {
    const r = https.request({ host: url.hostname, port: url.port, path, method, cert: readFileSync("tls.crt"), key: readFileSync("tls.key"), rejectUnauthorized: false, minVersion: "TLSv1.3",
      headers: { ...headers, ...(method === "POST" && { "content-length": body.length }), "signature-input": `entente=${params}`, signature: `entente=:${signature}:` } }, (answer) => {
      const parts = [];
      answer.on("data", (d) => parts.push(d)).on("end", () => {
        const bytes = Buffer.concat(parts);
        try {
          checkAnswer(holder, answer, bytes, signature);
          resolve({ status: answer.statusCode, type: answer.headers["content-type"], location: answer.headers.location, after: answer.headers["retry-after"], body: bytes });
        } catch (e) { reject(e); }
      });
    });
    r.on("socket", (s) => s.on("secureConnect", () => { if (!holder.pins.includes(s.getPeerCertificate().fingerprint256)) r.destroy(new Error("not the holder's certificate")); }));
    r.on("error", reject);
    r.end(body);
  });
}

/* The answer's signature covers status, body and our request's signature. */
function checkAnswer(holder, answer, body, ours) {
  const h = answer.headers, params = /^entente=(.*)$/.exec(h["signature-input"])[1], signature = /^entente=:([^:]*):$/.exec(h.signature)[1];
  const components = /^\(([^)]*)\)/.exec(params)[1].match(/"[^"]+"(;[^\s]+)*/g);
  const later = answer.statusCode === 202 ? ['"location"', '"retry-after"'] : [];
  for (const must of ['"@status"', '"content-digest"', '"signature";req;key="entente"', ...later]) assert(components.includes(must), `the answer covers ${must}`);
  assert(/;tag="entente-answer"/.test(params) && params.includes(`keyid="${holder.raw.toString("hex")}"`), "tag and key of the answer");
  const value = (c) => (c === '"@status"' ? answer.statusCode : c.startsWith('"signature"') ? `:${ours}:` : h[c.slice(1, -1)]);
  const base = components.map((c) => `${c}: ${value(c)}\n`).join("") + `"@signature-params": ${params}`;
  assert(verify(null, Buffer.from(base), publicOf(holder.raw), Buffer.from(signature, "base64")), "the answer's signature");
  assert.equal(h["content-digest"], digestOf(body), "the answer's digest");
}

const head = (holder, body, id, more = {}) => ({ "content-type": "application/octet-stream", "content-digest": digestOf(body), "entente-version": "1", "entente-to": holder.name,
  "entente-message": id.toString("hex"), ...more });

/* ---- the agreement's envelope: agreement.md ---- */

function envelope(file) {
  const digest = sha256(file).toString("hex"), time = now();
  const said = `entente-agreement/v1\nsign ${NAME} ${time}\ndeal 1\nsha256 ${digest}\n`;
  const declared = `sign ${NAME} ${time} ed25519 ${identity.raw.toString("base64")} ${sign(null, Buffer.from(said), identity.secret).toString("base64")}\n`;
  return { digest, bytes: Buffer.concat([Buffer.from(`entente-agreement/v1\nname deal\nversion 1\nsha256 ${digest}\nlength ${file.length}\n\n`), file, Buffer.from(`\n${declared}`)]) };
}

/* ---- the ledger: ledger.md ---- */

function entry(kind, fields) {
  const b = Buffer.alloc(256);
  b[0] = 1, b[1] = kind;
  b.writeBigUInt64BE(BigInt(Date.now()), 2);
  fields.id?.copy(b, 10);
  b.fill(0xff, 26, 34);
  if (fields.agreement) Buffer.from(fields.agreement, "hex").copy(b, 34), b.writeUInt32BE(1, 66);
  b.write(fields.flow ?? "", 70, "ascii");
  b.write(fields.purpose ?? "", 102, "ascii");
  b.write(fields.clause ?? "", 142, "ascii");
  fields.commitment?.copy(b, 210);
  return b;
}
const leaf = (e) => sha256(Buffer.of(0), e), inner = (l, r) => sha256(Buffer.of(1), l, r);

function noteKey(name, raw) { return sha256(`${name}\n`, Buffer.of(1), raw).subarray(0, 4); }

function proof(entries, index) {
  const hashes = entries.map(leaf), origin = `${NAME}/${YEAR}`;
  const build = (list, at) => { // RFC 6962, 2.1 and 2.1.1
    if (list.length === 1) return { root: list[0], path: [] };
    const k = 2 ** Math.ceil(Math.log2(list.length) - 1), left = build(list.slice(0, k), at), right = build(list.slice(k), at - k);
    return { root: inner(left.root, right.root), path: at < k ? [...left.path, right.root] : [...right.path, left.root] };
  };
  const { root, path } = build(hashes, index), text = `${origin}\n${entries.length}\n${root.toString("base64")}\n`;
  const blob = Buffer.concat([noteKey(origin, identity.raw), sign(null, Buffer.from(text), identity.secret)]).toString("base64");
  return `c2sp.org/tlog-proof@v1\nextra ${entries[index].toString("base64")}\nindex ${index}\n${path.map((p) => `${p.toString("base64")}\n`).join("")}\n${text}\n— ${origin} ${blob}\n`;
}

/* Name and key alone: origin, signature, path, and the entry itself. */
function readReceipt(text, holder) {
  const [above, note] = [text.slice(0, text.indexOf("\n\n")), text.slice(text.indexOf("\n\n") + 2)], lines = above.split("\n");
  assert.equal(lines[0], "c2sp.org/tlog-proof@v1");
  const e = Buffer.from(lines[1].slice(6), "base64"), index = Number(lines[2].slice(6)), path = lines.slice(3).map((l) => Buffer.from(l, "base64"));
  const body = note.slice(0, note.indexOf("\n\n") + 1), [origin, size, root] = body.split("\n"), id = noteKey(origin, holder.raw);
  assert.match(origin, new RegExp(`^${holder.name}/\\d{4}$`));
  const line = note.slice(note.indexOf("\n\n") + 2).split("\n").map((l) => /^— (\S+) (\S+)$/.exec(l)).find((m) => m && m[1] === origin && Buffer.from(m[2], "base64").subarray(0, 4).equals(id));
  assert(line && verify(null, Buffer.from(body), publicOf(holder.raw), Buffer.from(line[2], "base64").subarray(4)), "the checkpoint is signed by the holder");
  let h = leaf(e), fn = index, sn = Number(size) - 1; // RFC 9162, 2.1.3.2
  for (const p of path) {
    assert(sn > 0);
    if (fn % 2 || fn === sn) {
      h = inner(p, h);
      while (fn % 2 === 0 && fn) fn = Math.floor(fn / 2), sn = Math.floor(sn / 2);
    } else h = inner(h, p);
    fn = Math.floor(fn / 2), sn = Math.floor(sn / 2);
  }
  assert(sn === 0 && h.toString("base64") === root, "the entry is in the tree");
  return { e, index };
}

/* ---- the body: itl-domain.md, ANSI/NIST-ITL traditional encoding ---- */

function record(type, fields, data) {
  const GS = "\x1d", FS = "\x1c", rest = fields.map(([n, v]) => `${GS}${type}.${String(n).padStart(3, "0")}:${v}`).join("") + (data ? `${GS}${type}.999:` : "");
  let length = 0;
  for (let again = 0; again < 4; again++) length = `${type}.001:${length}`.length + rest.length + (data ? data.length : 0) + 1;
  return Buffer.concat([Buffer.from(`${type}.001:${length}${rest}`, "latin1"), data ?? Buffer.alloc(0), Buffer.from(FS)]);
}

function transaction(png) {
  const width = png.readUInt32BE(16), height = png.readUInt32BE(20), RS = "\x1e", US = "\x1f";
  const first = record(1, [[2, "0502"], [3, `1${US}1${RS}14${US}00`], [4, "SEARCH"], [5, "19700101"], [7, "ENTENTE"], [8, "ENTENTE"], [9, "SEARCH"], [11, "00.00"], [12, "00.00"], [13, `ENTENTE${US}1.0`]]);
  const print = record(14, [[2, "00"], [3, "0"], [4, "ENTENTE"], [5, "19700101"], [6, width], [7, height], [8, "1"], [9, "500"], [10, "500"], [11, "PNG"], [12, "8"], [13, "2"]], png);
  return Buffer.concat([first, print]);
}

/* An answer as a transaction: records end with FS, fields with GS; each LEN is the record's length. */
function fieldsOf(bytes) {
  const records = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(/^\d+\.001:(\d+)/.exec(bytes.subarray(at).toString("latin1"))[1]), text = bytes.subarray(at, at + length).toString("latin1");
    assert.equal(text.at(-1), "\x1c", "a record ends with FS");
    records.push(Object.fromEntries(text.slice(0, -1).split("\x1d").map((f) => [f.slice(0, f.indexOf(":")), f.slice(f.indexOf(":") + 1)])));
    at += length;
  }
  return Object.assign({}, ...records);
}

/* ---- a search: search.md, crossing.md ---- */

function request(holder, deal, png) {
  const body = transaction(png), id = randomBytes(16), digest = sha256(deal).toString("hex"), desk = key("desk.pem");
  const commitment = sha256(randomBytes(32)); // of a statement that stays here
  const pledge = sign(null, Buffer.from(`entente-crossing/v1\n${commitment.toString("hex")}\n`), desk.secret);
  const what = { id, agreement: digest, flow: "check", purpose: "threat-check", commitment: createHmac("sha256", randomBytes(32)).update(Buffer.concat([sha256(body), commitment, desk.raw, pledge])).digest() };
  const opened = entry(1, { purpose: String(YEAR) }), asked = entry(32, what), ledger = [opened, asked];
  const headers = head(holder, body, id, { "entente-agreement": `deal 1 ${digest}`, "entente-flow": "check", "entente-purpose": "threat-check",
    "entente-proof": Buffer.from(proof(ledger, 1)).toString("base64"), "entente-crossing": `${commitment.toString("hex")} ${desk.raw.toString("base64")} ${pledge.toString("base64")}` });
  return { body, id, digest, headers };
}

async function search(holder, deal, png, expected) {
  const { body, id, digest, headers } = request(holder, deal, png);
  const { status, body: answer } = await send(holder, "/v1/search", headers, body);
  assert.equal(answer.length, 6144, "answers have one size");
  const said = JSON.parse(answer.toString());
  assert.equal(status, 200, JSON.stringify(said));
  const { e, index } = readReceipt(said.receipt, holder);
  assert.equal(said.outcome, expected === "hit" ? "hit---" : "no-hit");
  assert.equal(said.reference, id.toString("hex"));
  assert.equal(index, said.index);
  assert.equal(e[1], expected === "hit" ? 34 : 33, "the receipt's kind is the outcome");
  assert(e.subarray(10, 26).equals(id) && e.subarray(34, 66).toString("hex") === digest, "the receipt is about this search");
  const again = await send(holder, "/v1/search", headers, body); // the same id and body: the same answer
  assert.equal(JSON.parse(again.body.toString()).index, said.index, "a retry has one effect");
  const itl = await send(holder, "/v1/search", { ...headers, accept: "application/x.entente-itl" }, body); // the same answer, as a transaction
  const sre = fieldsOf(itl.body), receipt = Buffer.from(sre["2.914"], "base64").toString();
  assert(itl.status === 200 && itl.body.length === 6144 && itl.type === "application/x.entente-itl", "a transaction of the one size");
  assert.deepEqual([sre["1.004"], sre["1.009"], sre["1.010"], sre["1.013"]], ["SRE", id.toString("hex"), "SEARCH", "ENTENTE\x1f1.0"]);
  assert.deepEqual([sre["2.910"], sre["2.911"], sre["2.912"], sre["2.913"]], [said.outcome, said.reference, String(said.index), said.head], "it says what the object says");
  assert.equal(readReceipt(receipt, holder).index, said.index, "with the same receipt");
  const other = Buffer.concat([body.subarray(0, -2), Buffer.from(" \x1c")]);
  const replay = await send(holder, "/v1/search", { ...headers, "content-digest": digestOf(other) }, other);
  assert.equal(replay.status, 409, "the same id with another body");
  assert.match(replay.body.toString(), /urn:entente:replay/);
  const err = await send(holder, "/v1/search", { ...headers, accept: "application/x.entente-itl", "content-digest": digestOf(other) }, other), said409 = fieldsOf(err.body);
  assert.deepEqual([err.status, err.body.length, said409["1.004"], said409["2.915"], said409["2.916"]], [409, 6144, "ERR", "409", "urn:entente:replay"], "a refusal as a transaction");
  const version = await send(holder, "/v1/search", { ...head(holder, body, randomBytes(16)), "entente-version": "9" }, body);
  assert.equal(version.status, 415, "a version that nobody speaks");
  console.log(`${said.outcome}, entry ${said.index}, verified`);
}

/* Long work: exchange.md, section 8. What is asked is kept in job.json, for a peer that dies and comes back. */
async function begin(holder, deal, png) {
  const { body, id, headers } = request(holder, deal, png), r = await send(holder, "/v1/search", { ...headers, prefer: "respond-async" }, body);
  assert.deepEqual([r.status, r.location, r.body.length], [202, `/v1/search/${id.toString("hex")}`, 6144], r.body.toString());
  assert.match(r.after, /^[1-9]\d*$/);
  writeFileSync("job.json", JSON.stringify({ id: id.toString("hex"), headers, body: body.toString("base64") }));
}

async function ask(holder, expected) {
  const job = JSON.parse(readFileSync("job.json")), nothing = Buffer.alloc(0), id = Buffer.from(job.id, "hex");
  for (let left = 30; ; left--) {
    const r = await send(holder, `/v1/search/${job.id}`, head(holder, nothing, id), nothing, "GET");
    assert.equal(r.body.length, 6144, "answers to questions have the one size");
    if (r.status !== 202 || !left) return assert.equal(r.status === 200 ? JSON.parse(r.body.toString()).outcome : String(r.status), expected);
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(r.after)));
  }
}

async function again(holder, expected) {
  const job = JSON.parse(readFileSync("job.json")), r = await send(holder, "/v1/search", job.headers, Buffer.from(job.body, "base64"));
  assert.equal(r.status === 200 ? JSON.parse(r.body.toString()).outcome : String(r.status), expected);
}

const [what, ...args] = process.argv.slice(2);
if (what === "card") process.stdout.write(card());
else if (what === "propose") {
  const holder = readCard(args[0]), { digest, bytes } = envelope(readFileSync(args[1]));
  const r = await send(holder, "/v1/agreement", head(holder, bytes, randomBytes(16), { "entente-agreement": `deal 1 ${digest}` }), bytes);
  assert.equal(r.status, 200, r.body.toString());
  console.log(r.body.toString());
} else if (what === "search") await search(readCard(args[0]), readFileSync(args[1]), readFileSync(args[2]), args[3]);
else if (what === "begin") await begin(readCard(args[0]), readFileSync(args[1]), readFileSync(args[2]));
else if (what === "ask") await ask(readCard(args[0]), args[1]);
else if (what === "again") await again(readCard(args[0]), args[1]);
