// The custodian's stories: what falls due, a hold, another's act approved and one's own refused, a disclosure that the officer opens; the hold
// store and a change of the regimes, by two each.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, address, check, folder, look, signedIn } from "./browser.mjs";

const go = async (page, node, name) => {
  await page.goto(`${address[node]}#/${name}`);
  await page.waitForSelector("main table, main .empty, main form.card");
};

async function due(page) {
  await go(page, "gb", "due");
  const rows = await page.$$eval("tbody tr", (r) => r.map((x) => x.textContent));
  check("what falls due is shown with date and clause", rows.length > 10 && rows.every((r) => /20\d\d-\d\d-\d\d.*TA 2000|20\d\d-\d\d-\d\d.*Terrorism|20\d\d-\d\d-\d\d.*para/.test(r)), rows[0]);
  const dates = rows.map((r) => r.slice(0, 10));
  check("the nearest first", dates.join() === [...dates].sort().join());
  await look(page, "due");
  await accessible(page, "falling due");
  await page.click("tbody tr:last-child button");
  await page.fill("form.card input:not([type=date])", "R v. Example 7/26");
  await page.click("text=Place the hold");
  await page.waitForSelector(".note.good, .note.bad");
  check("a hold is placed", await page.$(".note.good"), await page.textContent(".note"));
}

async function approve() {
  const own = await signedIn("gb", "d.gb");
  await go(own, "gb", "approvals");
  await look(own, "approvals");
  await accessible(own, "approvals");
  await own.click("tbody tr:has-text('unlawful') button:has-text('Approve')");
  await own.waitForSelector(".note");
  check("nobody approves their own act", await own.$(".note.bad"), await own.textContent(".note"));
  await own.context().close();
  const other = await signedIn("gb", "c.gb");
  await go(other, "gb", "approvals");
  await other.click("tbody tr:has-text('unlawful') button:has-text('Approve')");
  await other.waitForSelector(".note");
  check("another approves it", await other.$(".note.good"), await other.textContent(".note"));
  await other.context().close();
}

async function disclose(page) {
  await go(page, "gb", "disclosures");
  await page.waitForSelector("button:has-text('Disclose what')");
  await accessible(page, "disclosures");
  await page.click("button:has-text('Disclose what')");
  await page.waitForSelector(".note");
  check("what the agreement grants is disclosed", /Disclosed to us\.example: /.test(await page.textContent(".note")), await page.textContent(".note"));
  await look(page, "disclosures");
  const officer = await signedIn("us", "s.us");
  await go(officer, "us", "received");
  await officer.click("tbody button");
  await officer.waitForSelector("dl.pairs");
  const seen = await officer.textContent("dl.pairs");
  check("the officer opens it, and sees no name", /category/.test(seen) && !/name/.test(seen), seen);
  await look(officer, "received");
  await accessible(officer, "received");
  await officer.context().close();
}

/** The second arrest of one finger was noticed; a custodian links the pair, and it is gone from the list. */
async function persons(page) {
  await go(page, "gb", "persons");
  await look(page, "persons");
  await accessible(page, "likely same persons");
  const before = await page.locator("main tbody tr").count();
  check("the node noticed the second arrest", before >= 1, String(before));
  await page.click("main tbody tr:last-child button:has-text('Link them')");
  await page.waitForSelector(".note.good:has-text('Linked')");
  await page.waitForFunction((n) => document.querySelectorAll("main tbody tr").length < n, before);
  check("linked, they wait no more", true);
}

async function picture(page) {
  await go(page, "gb", "agreements");
  await look(page, "agreements");
  await accessible(page, "agreements");
  await page.click("tbody button:has-text('Open')");
  await page.waitForSelector("section[aria-label='border-check'] .numbers");
  const text = await page.innerText("main");
  check("an agreement's picture: what it opens, what went by it, the quota, alarms", /What it opens here/.test(text) && /Today, of the quota/.test(text) && /\d+ \/ 2000/.test(text) && /Alarms/.test(text), text);
  await look(page, "agreement");
  await accessible(page, "an agreement's picture");
  await page.click("text=The signed text");
  await page.waitForSelector("pre:has-text('entente-agreement/v1')");
}

/** One word of a hold's two; what the page says. */
const opened = "section[aria-label='What two persons opened']";
async function giveWord(page, reference) {
  await page.click("tbody tr:has-text('in the hold store') button:has-text('Open')");
  await page.fill("label:text-is('For the case') + input", reference);
  await page.click("text=Give your word");
  await page.waitForSelector(`form.card .note, ${opened}`);
  return (await page.$(opened)) ? "opened" : page.textContent("form.card .note");
}

/** A hold's record: one custodian opens nothing, not even twice; another for another case neither; the second for the same case is shown it once. */
async function holdStore(page, other) {
  await go(page, "gb", "holds");
  await page.waitForSelector("tr:has-text('in the hold store')");
  await look(page, "holds");
  await accessible(page, "the hold store");
  check("one custodian's word opens nothing", /Another custodian/.test(await giveWord(page, "R v Exempla")));
  check("nor does the same custodian's second", (await giveWord(page, "R v Exempla")) !== "opened");
  await go(other, "gb", "holds");
  check("another's for another case neither", (await giveWord(other, "R v Nobody")) !== "opened");
  const said = await giveWord(other, "R v Exempla");
  await other.waitForSelector(`${opened} img.print`);
  check("two custodians open it for one case, in the browser", said === "opened", said);
  await look(other, "hold-opened");
  await accessible(other, "an opened hold");
  await other.click(`${opened} button:has-text('Close')`);
  await other.waitForSelector(opened, { state: "detached" });
}

/** A set of regimes in which one file differs: the proposer sees what it moves, the second one the lines, and what was replaced meanwhile is not signed. */
async function regimes(page, other) {
  const share = new URL("../../share/regimes/", import.meta.url).pathname, files = readdirSync(share).filter((f) => f.endsWith(".yaml"));
  const set = (title) => files.map((f) => {
    const made = join(folder, title.replaceAll(" ", "-"));
    mkdirSync(made, { recursive: true });
    const text = readFileSync(join(share, f), "utf8");
    writeFileSync(join(made, f), f === "uk-terrorism-3y.yaml" ? text.replace(/^title: .*$/m, `title: ${title}`) : text);
    return join(made, f);
  });
  const propose = async (title) => {
    await page.setInputFiles("label:text-is('All files of the set') + input", set(title));
    await page.click("text=Show what it moves");
    await page.waitForSelector("form.card .note.good");
    const would = await page.textContent("form.card .note.good");
    await page.click("text=Sign the proposal");
    await page.waitForSelector("form.card .note.good:has-text('Proposed')");
    return would;
  };
  await go(page, "gb", "regimes");
  check("the proposer sees which file differs", /Differs: uk-terrorism-3y \(changed\)/.test(await propose("A title that two have looked at")));
  await page.waitForSelector(".diff .comes");
  await page.click("text=Sign too");
  await page.waitForSelector("section[aria-label='A change waits for a second person'] .note.bad");
  check("nobody brings their own proposal into force", true);
  await go(other, "gb", "regimes");
  await other.waitForSelector(".diff .comes");
  const seen = await other.$$eval(".diff .goes, .diff .comes", (l) => l.map((x) => x.innerText));
  check("the second custodian sees the lines that go and come", seen.length === 2 && /looked at/.test(seen[1]), seen.join(" | "));
  await look(other, "regimes");
  await accessible(other, "a change of regimes");
  await propose("Another title meanwhile");
  await other.click("text=Sign too");
  await other.waitForSelector("section[aria-label='A change waits for a second person'] .note.bad:has-text('another change was proposed meanwhile')");
  check("what was not looked at is not signed", true);
  await go(other, "gb", "warnings");
  await go(other, "gb", "regimes");
  await other.waitForSelector(".diff .comes:has-text('meanwhile')");
  await other.click("text=Drop it");
  await other.waitForSelector("section[aria-label='A change waits for a second person']", { state: "detached" });
  check("dropped, what was in force stays", true);
}

async function warned(page) {
  await go(page, "gb", "warnings");
  await page.fill("#within", "1200");
  await page.click("main button:has-text('Show')");
  await page.waitForSelector("main tbody tr");
  check("what comes is told before it comes, with its clause", /TA 2000/.test(await page.textContent("main tbody")));
  await look(page, "warnings");
  await accessible(page, "what comes");
}

/** Proposed at the command line, approved by another custodian who types the digits that the person reads. */
async function people(page, other) {
  const env = { ...process.env, ENTENTE_PASSPHRASE_FILE: join(folder, "passphrase"), ENTENTE_QUICK_KEYS: "1" };
  const out = execFileSync(process.env.ENTENTE, ["--node", join(folder, "gb"), "person", "add", "z.gb", "--role", "operator", "--as", "c.gb"], { env }).toString();
  const digits = /^ {4}([0-9 ]+)$/m.exec(out)[1], type = async (p, d) => { await p.fill("form[aria-label='z.gb'] input", d); await p.click("form[aria-label='z.gb'] button[type=submit]"); };
  await go(page, "gb", "people");
  await page.waitForSelector("form[aria-label='z.gb']");
  check("the digits are not on the page of whoever types them", !(await page.innerText("main")).includes(digits));
  await type(page, digits);
  await page.waitForSelector("form[aria-label='z.gb'] .note.bad");
  check("who proposed a person does not approve them", true);
  await go(other, "gb", "people");
  await type(other, digits.replace(/\d/, (d) => String((Number(d) + 1) % 10)));
  await other.waitForSelector("form[aria-label='z.gb'] .note.bad");
  check("nor do other digits", true);
  await look(other, "people");
  await accessible(other, "people");
  await type(other, digits);
  await other.waitForSelector("tr:has-text('z.gb'):has-text('works here')");
  await other.click("tr:has-text('z.gb') button:has-text('Suspend')");
  await other.waitForSelector("tr:has-text('z.gb'):has-text('suspended')");
  check("approved by another, and suspended", true);
}

/** Desks' keys by two; alarms; the lot, whose drawing a short day may not show: its rows are put into the answer on the way. */
async function watched() {
  const page = await signedIn("us", "c.us");
  await go(page, "us", "desks");
  await page.fill("label:text-is('Desk') + input", "gate-7");
  await page.fill("label:text-is('Public key') + input", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="); // RFC 8032, 7.1, test 1
  await page.click("button:text-is('Propose')");
  await page.waitForSelector("tr:has-text('gate-7'):has-text('proposed')");
  await page.click("tr:has-text('gate-7') button:has-text('Approve')");
  await page.waitForSelector("main > .note.bad");
  check("who proposed a desk's key does not approve it", true);
  await look(page, "desks");
  await accessible(page, "desks");
  await page.click("tr:has-text('gate-7') button:has-text('Withdraw')");
  await page.waitForSelector("tr:has-text('gate-7'):has-text('withdrawn')");
  await go(page, "us", "alarms");
  await look(page, "alarms");
  await accessible(page, "alarms");
  const of = (state, reference, overdue) => ({ reference: reference.repeat(16), agreement: "border-checks", flow: "border-check", partner: "gb.example", ours: true, state, asked: "2026-11-01T08:00:00.000Z", until: "2026-12-01", overdue });
  await page.route("**/v1/lot-list*", (r) => r.fulfill({ json: { lots: [of("chosen", "1a", true), of("opened", "2b", false), of("seen", "3c", false)] } }));
  const asked = page.waitForRequest(/lot-open/);
  await go(page, "us", "lots");
  await look(page, "lots");
  await accessible(page, "the lot");
  await page.click("tr:has-text('1a1a1a1a') button:has-text('Open to the auditor')");
  check("opening a lot is signed by the custodian", /^c\.us \d+ [0-9a-f]{32} /.test((await asked).headers()["entente-as"]));
  check("no error in the pages of what is watched", page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}

export async function custodian() {
  const page = await signedIn("gb", "c.gb"), other = await signedIn("gb", "d.gb");
  await warned(page);
  await holdStore(page, other);
  await regimes(page, other);
  await people(page, other);
  await other.context().close();
  await watched();
  await due(page);
  await approve();
  await disclose(page);
  await persons(page);
  await picture(page);
  for (const name of ["rates", "year"]) {
    await go(page, "gb", name);
    await page.waitForSelector("main table");
    await look(page, name);
    await accessible(page, name);
  }
  check("no error in the custodian's pages", page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}

/** Suspended at the command line, the person's open session ends with the next request. */
export async function suspension() {
  const { execFileSync } = await import("node:child_process");
  const { join } = await import("node:path");
  const { folder } = await import("./browser.mjs");
  const page = await signedIn("gb", "x.gb");
  await page.waitForSelector("main table, main .empty");
  execFileSync(process.env.ENTENTE, ["--node", join(folder, "gb"), "person", "suspend", "x.gb", "--as", "c.gb"], { env: { ...process.env, ENTENTE_PASSPHRASE_FILE: join(folder, "passphrase") } });
  await page.goto(`${address.gb}#/received`);
  await page.waitForSelector("dialog[open]");
  check("suspension ends the session", /x\.gb is suspended/.test(await page.textContent("dialog")), await page.textContent("dialog"));
  await page.context().close();
}
