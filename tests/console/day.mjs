// A desk's day replayed fast: CROSSINGS (default 1200: 50 an hour for a day; FROM the first one's number) through crossing-ask by DESKS at once, some
// of them of somebody who is held. Each is captured and stated by the desk's device first, which is not timed: the time is from the last capture to the answer.
// Prints the times from capture to answer; fails when one is lost or answered wrongly. Not part of the tests: `day.mjs` beside a demo.
import { build } from "../../console/node_modules/esbuild/lib/main.js";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const folder = process.env.CONSOLE_FOLDER, count = Number(process.env.CROSSINGS ?? 1200), lanes = Number(process.env.DESKS ?? 1), from = Number(process.env.FROM ?? 0);
const root = new URL("../../", import.meta.url).pathname, made = mkdtempSync(`${tmpdir()}/entente-day-`);
const source = 'export * from "./keys"; export * from "./bytes";';
await build({ stdin: { contents: source, resolveDir: `${root}console/src` }, bundle: true, format: "esm", platform: "node", outfile: `${made}/day.mjs`, target: "es2023" });
const k = await import(`${made}/day.mjs`);
rmSync(made, { recursive: true });
const us = /^us=(.*)\/$/m.exec(readFileSync(`${folder}/addresses`, "utf8"))[1];
const who = await k.openKey(k.readKeyFile(readFileSync(`${folder}/us/people/o.us.key`, "utf8")), "a passphrase for the demo only", () => undefined);
const work = mkdtempSync(`${tmpdir()}/entente-day-`);

const run = promisify(execFile);

async function capture(print, lane) {
  const out = join(work, `${lane}.capture`);
  await run(process.env.ENTENTE ?? `${root}build/entente`, ["--node", join(folder, "us"), "desk", "capture", join(folder, print), "--desk", "desk-1", "--officer", who.name,
    "--nationality", "UTO", "-o", out], { env: { ...process.env, ENTENTE_PASSPHRASE_FILE: join(folder, "passphrase"), ENTENTE_QUICK_KEYS: "1" } });
  return new Uint8Array(readFileSync(out));
}

async function cross(i, lane) {
  const held = i % 40 === 39, body = await capture(held ? "known/1_3.png" : "stranger/1_1.png", lane), began = performance.now();
  const query = `purpose=terrorism-threat-check&crossing=DAY-${i}`, ms = Date.now(), nonce = k.hex(crypto.getRandomValues(new Uint8Array(16)));
  const text = `entente-desk/v1\ncrossing-ask\n${query}\n${who.name}\n${ms}\n${nonce}\n${k.hex(await k.sha256(body))}\n`;
  const headers = { "Entente-As": `${who.name} ${ms} ${nonce} ${k.base64(await k.sign(who, text))}` };
  const answer = await fetch(`${us}/v1/crossing-ask?${query}`, { method: "POST", headers, body }).then((r) => r.json(), () => null);
  return { ms: performance.now() - began, right: answer?.outcome === (held ? "refer" : "proceed"), lost: !answer?.outcome, answer };
}

const all = [];
let next = from;
const began = performance.now();
await Promise.all(Array.from({ length: lanes }, async (_, lane) => { while (next < from + count) all.push(await cross(next++, lane)); }));
const took = Math.round((performance.now() - began) / 1000);
const times = all.map((a) => a.ms).sort((a, b) => a - b), at = (p) => Math.round(times[Math.min(times.length - 1, Math.ceil(times.length * p) - 1)]);
const lost = all.filter((a) => a.lost), wrong = all.filter((a) => !a.right && !a.lost);
console.log(`${count} crossings, ${lanes} at once, ${took} s: median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms; lost ${lost.length}, wrong ${wrong.length}`);
if (lost.length + wrong.length) console.log(JSON.stringify([...lost, ...wrong][0].answer));
rmSync(work, { recursive: true });
process.exit(lost.length + wrong.length ? 1 : 0);
