// The auditor's stories: the whole ledger checked in the browser, a ledger that lies, receipts and two parties' bundles.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, address, check, folder, look, signedIn } from "./browser.mjs";

const card = () => readFileSync(join(folder, "gb.card"), "utf8");

async function ledger(page) {
  await page.waitForSelector("h1:has-text('Ledger')");
  await page.fill("textarea", "rubbish");
  await page.click("text=Fetch and check");
  await page.waitForSelector(".note.bad:has-text('neither a verifier key nor a card')");
  await page.fill("textarea", card());
  await page.click("text=Fetch and check");
  await page.waitForSelector(".note.good, .note.bad");
  const said = await page.textContent(".note.good, .note.bad");
  check("every entry is checked against the signed checkpoint", /\d+ entries\. The root that this browser computed/.test(said), said);
  const rows = await page.$$eval("tbody tr", (r) => r.length);
  check("entries are shown", rows >= 20, String(rows));
  await look(page, "ledger");
  await accessible(page, "ledger");
  await page.fill("textarea", readFileSync(join(folder, "us.card"), "utf8"));
  await page.click("text=Fetch and check");
  await page.waitForSelector(".note.bad");
  check("another node's card does not do", /not signed with the key/.test(await page.textContent(".note.bad")));
}

/** A server that changes one entry, and one that leaves the last out. The answers are changed on their way into the page. */
async function lies(page) {
  for (const [what, cut] of [["one changed entry", false], ["one entry left out", true]]) {
    await page.evaluate((leaveOut) => {
      const real = window.realFetch ??= window.fetch;
      window.fetch = async (url, init) => {
        const response = await real(url, init);
        if (!/path=(\d{4}%2F)?tile/.test(String(url))) return response;
        const json = await response.json();
        let bytes = atob(json.base64);
        bytes = leaveOut ? bytes.slice(0, -258) : bytes.slice(0, 300) + String.fromCharCode(bytes.charCodeAt(300) ^ 1) + bytes.slice(301);
        return new Response(JSON.stringify({ base64: btoa(bytes) }));
      };
    }, cut);
    await page.fill("textarea", card());
    await page.click("text=Fetch and check");
    await page.waitForSelector(".note.bad:has-text('do not')");
    check(`${what} is found`, /do not give the checkpoint's root/.test(await page.textContent(".note.bad")));
  }
  await page.evaluate(() => { window.fetch = window.realFetch; });
}

function bundles() {
  const env = { ...process.env, ENTENTE_PASSPHRASE_FILE: join(folder, "passphrase") };
  mkdirSync(join(folder, "both"), { recursive: true });
  for (const n of ["gb", "us"]) execFileSync(process.env.ENTENTE, ["--node", join(folder, n), "ledger", "export", join(folder, "both", n)], { env, stdio: "pipe" });
}

const drop = async (page, label, what) => page.setInputFiles(`label:has-text('${label}') + input`, what);

async function proofs(page) {
  await page.goto(`${address.gb}#/proofs`);
  await page.waitForSelector("h1:has-text('Proofs')");
  const receipt = join(folder, "hit.tlog-proof");
  await drop(page, "Choose files", [receipt]);
  await page.waitForSelector(".tag.bad");
  check("a receipt without its card is not proven", /no key of gb\.example(\/\d{4})? was given/.test(await page.textContent("tbody")));
  await drop(page, "Choose files", [join(folder, "gb.card")]);
  await page.waitForSelector(".tag.go");
  check("with the card it is proven", /answered hit/.test(await page.textContent("tbody")));
  check("the card's digits are shown", /card of gb\.example: (\d{5} ){6}\d{5}/.test(await page.textContent(".note")));
  const forged = readFileSync(receipt, "utf8").replace(/^extra AS(.)/m, (_, c) => `extra AS${c === "A" ? "B" : "A"}`);
  writeFileSync(join(folder, "forged.tlog-proof"), forged);
  await drop(page, "Choose files", [join(folder, "forged.tlog-proof")]);
  await page.waitForSelector("tr:has-text('forged') .tag.bad");
  check("a forged receipt is not proven", true);
  await page.click("text=Clear");
}

async function both(page) {
  bundles();
  await drop(page, "Choose a folder", join(folder, "both"));
  await page.waitForSelector("h2:has-text('The parties compared')");
  const told = await page.$$eval("table:has(caption:has-text('gb.example')) tbody td.num, tbody td.num", (c) => c.map((x) => x.textContent));
  check("two parties' bundles agree", Number(told[0]) >= 1 && told.slice(1).every((n) => n === "0"), told.join());
  await look(page, "bundles");
  await accessible(page, "proofs and bundles");
  cpSync(join(folder, "both/us"), join(folder, "liar/us"), { recursive: true });
  const path = join(folder, "liar/us/ledger/entries"), bytes = readFileSync(path);
  bytes[bytes.length - 200] ^= 1;
  writeFileSync(path, bytes);
  await page.click("text=Clear");
  await drop(page, "Choose a folder", join(folder, "liar"));
  await page.waitForSelector(".tag.bad");
  check("a bundle with one changed bit is not proven", /do not give the checkpoint's root/.test(await page.textContent("tbody")));
}

export async function auditor() {
  const page = await signedIn("gb", "a.gb");
  await ledger(page);
  await lies(page);
  await proofs(page);
  await both(page);
  await page.goto(`${address.gb}#/held`);
  await page.waitForSelector("tbody tr");
  check("the auditor sees what is held and may not place a hold", !(await page.$("tbody button")));
  check("no error in the auditor's pages", page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}
