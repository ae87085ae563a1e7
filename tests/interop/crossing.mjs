// The vectors of docs/protocol/crossing.md, worked out again from the document alone, with nothing of ours: node crossing.mjs DIR
import assert from "node:assert/strict";
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const dir = process.argv[2];
const file = readFileSync(`${dir}/capture`);
const values = Object.fromEntries(readFileSync(`${dir}/values`, "utf8").trim().split("\n").map((l) => l.split(/:? (.*)/s).slice(0, 2)));
const hex = (name) => Buffer.from(values[name], "hex");
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();

// the statement: every byte before the signature's line is committed to
const mark = file.indexOf("\nsignature ed25519 ") + 1;
const end = file.indexOf("\n\n", mark);
const statement = Object.fromEntries(file.subarray(0, mark).toString().split("\n").map((l) => l.split(/ (.*)/s).slice(0, 2)));
const commitment = sha256(file.subarray(0, mark));
const signature = Buffer.from(file.subarray(mark, end).toString().split(" ")[2], "base64");
const capture = file.subarray(end + 2);
assert.equal(statement.capture, `${capture.length} ${sha256(capture).toString("hex")}`);
assert.equal(statement.protection, "XXA XXB");

// the header says the same, and the desk's key signed it
const [said, key, signed] = values["Entente-Crossing"].split(" ");
assert.equal(said, commitment.toString("hex"));
assert.deepEqual(Buffer.from(signed, "base64"), signature);
const raw = Buffer.from(key, "base64");
const desk = createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]), format: "der", type: "spki" });
assert.ok(verify(null, Buffer.from(`entente-crossing/v1\n${said}\n`), desk, signature));
assert.ok(!verify(null, Buffer.from(`entente-crossing/v1\n${said}`), desk, signature));

// "asked" commits to body, commitment, key and signature
const asked = createHmac("sha256", hex("asked-salt")).update(Buffer.concat([hex("body-sha256"), commitment, raw, signature])).digest();
assert.deepEqual(asked, hex("asked-commitment"));

// the lot
const draw = (head) => sha256("entente-lot/v1\n", head, hex("reference")).readBigUInt64BE(0) % 200n;
assert.equal(draw(hex("chosen-head")), 0n);
assert.notEqual(draw(hex("spared-head")), 0n);
console.log("crossing: the vectors are what the document says");
