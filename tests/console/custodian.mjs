// The custodian's stories: what falls due, a hold, another's act approved and one's own refused, a disclosure that the officer opens.
import { accessible, address, check, look, signedIn } from "./browser.mjs";

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

export async function custodian() {
  const page = await signedIn("gb", "c.gb");
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
