// The desk's stories: sign-in, proceed and refer, secondary, sessions, the line down.
import { join } from "node:path";
import { accessible, address, captured, check, folder, look, open, signedIn, unlock } from "./browser.mjs";

const MRZ = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"; // ICAO Doc 9303-4, the specimen

async function ask(page, file, crossing) {
  await page.fill("label:has-text('Crossing') + input", crossing);
  await page.setInputFiles("form input[type=file]", captured(file, "o.us"));
  await page.waitForSelector("img.print, p.hint:has-text('no preview')");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".verdict, .note.bad");
  return page.textContent(".verdict strong, .note.bad");
}

async function signIn() {
  const page = await open("us");
  await look(page, "sign-in");
  await accessible(page, "sign-in");
  await unlock(page, "us", "o.us", "not the passphrase");
  check("a wrong passphrase is said", /not the passphrase of o\.us/.test(await page.textContent(".note.bad")));
  await unlock(page, "us", "o.us");
  await page.waitForSelector("header.top");
  check("o.us is signed in as officer", /o\.us, border officer/.test(await page.textContent("header.top")));
  const cookie = (await page.context().cookies())[0];
  check("the cookie is HttpOnly and SameSite=Strict", cookie.httpOnly && cookie.sameSite === "Strict", JSON.stringify(cookie));
  return page;
}

async function primary(page) {
  await page.waitForFunction(() => document.querySelector("input[list=purposes]")?.value === "terrorism-threat-check");
  await page.fill("textarea.mrz", MRZ);
  check("the specimen's check digits are right", /All check digits are right/.test(await page.textContent(".note")));
  await look(page, "desk");
  await accessible(page, "desk");
  await page.fill("textarea.mrz", MRZ.replace("7408122", "7408127"));
  check("a wrong check digit is named", /date of birth/.test(await page.textContent(".note.bad")));
  await page.fill("textarea.mrz", MRZ);
  const proceed = await ask(page, "stranger/1_1.png", "D1-NOBODY");
  check("who is not held proceeds", /PROCEED/.test(proceed), proceed);
  await look(page, "proceed");
  await accessible(page, "proceed");
  await page.keyboard.press("Escape");
  const sent = page.waitForResponse(/crossing-ask/);
  const refer = await ask(page, "known/1_3.png", "D1-HELD");
  const answer = await (await sent).json();
  check("who is held is referred", /REFER/.test(refer), refer);
  check("the answer to the primary desk says refer and nothing else", Object.keys(answer).sort().join() === "crossing,outcome", JSON.stringify(answer));
  const seen = await page.textContent("body");
  check("the primary desk is not told that it was a hit", !/\bhit\b|gb\.example/.test(seen.replace(/the hits?/g, "")));
  await look(page, "refer");
  await page.keyboard.press("Escape");
}

async function secondary(page) {
  await page.goto(`${address.us}#/secondary`);
  await page.waitForSelector("main h1");
  check("who asked does not see the partners' states", !/D1-HELD/.test(await page.textContent("main")));
  const other = await signedIn("us", "s.us");
  await other.goto(`${address.us}#/secondary`);
  await other.waitForSelector("section[aria-label='D1-HELD']");
  const row = await other.textContent("section[aria-label='D1-HELD']");
  check("secondary sees each partner's state and a countdown", /gb\.example/.test(row) && /ca\.example\s*no hit/.test(row) && /hit, persons examine/.test(row) && /1[45]:\d\d/.test(row), row);
  await look(other, "secondary");
  await accessible(other, "secondary");
  await other.context().close();
}

/** Reload forgets the key; what needs it asks for it over the page, and nothing typed is lost. */
async function reload(page) {
  await page.goto(address.us);
  await page.reload();
  await page.waitForSelector("header.top");
  await page.fill("label:has-text('Flight') + input", "XY123");
  await page.fill("label:has-text('Crossing') + input", "D1-AGAIN");
  await page.setInputFiles("main input[type=file]", captured("stranger/1_1.png", "o.us"));
  await page.click("main button[type=submit]");
  await page.waitForSelector("dialog[open]");
  await accessible(page, "the key's dialog");
  await look(page, "key");
  await page.setInputFiles("dialog input[type=file]", join(folder, "us/people/s.us.key"));
  await page.fill("dialog input[type=password]", "a passphrase for the demo only");
  await page.click("dialog button[type=submit]");
  check("another person's key is refused here", /This page is o\.us's/.test(await page.textContent("dialog .note.bad")));
  await page.setInputFiles("dialog input[type=file]", join(folder, "us/people/o.us.key"));
  await page.click("dialog button[type=submit]");
  await page.waitForSelector("dialog", { state: "detached" });
  check("what was typed is still there", (await page.inputValue("label:has-text('Flight') + input")) === "XY123");
  await page.click("main button[type=submit]");
  await page.waitForSelector(".verdict.go");
  await page.click("text=Next traveller");
}

async function bounds(page) {
  const status = (path, init = {}) => page.evaluate(([p, i]) => fetch(p, i).then((r) => r.status, () => 0), [path, init]);
  check("reading goes in the session", (await status("/v1/person-list", { method: "POST" })) === 200);
  check("a search without a signature is refused in the session", (await status("/v1/search?purpose=x", { method: "POST", body: "x" })) === 403);
  check("opening what was disclosed is signed too", (await status("/v1/kept-open?disclosure=0", { method: "POST" })) === 403);
  check("files beside the console are not served", (await status("/../node.yaml")) === 404 && (await status("/%2e%2e/node.yaml")) === 404);
  const alone = await open("us");
  check("without a session the page learns nothing", (await alone.evaluate(() => fetch("/v1/person-list", { method: "POST" }).then((r) => r.status))) === 401);
  await alone.context().close();
}

async function lineDown(page) {
  await page.route("**/v1/**", (r) => r.abort("connectionrefused"));
  const said = await ask(page, "known/1_3.png", "D1-DOWN");
  check("line down: not searched", /NOT SEARCHED/.test(said), said);
  await look(page, "not-searched");
  await page.unroute("**/v1/**");
  await page.keyboard.press("Escape");
}

async function hostile(page) {
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(folder, "hostile.png"), Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(5000, 0xff)]));
  await page.fill("label:has-text('Flight') + input", "XY9");
  const said = await ask(page, "hostile.png", "D1-BAD");
  check("a hostile image is refused or not searched, and the desk goes on", /Refused|REFER/.test(said), said);
  if (await page.$(".verdict")) await page.keyboard.press("Escape");
}

export async function desk() {
  const page = await signIn();
  await primary(page);
  await secondary(page);
  await reload(page);
  await bounds(page);
  await lineDown(page);
  await hostile(page);
  check("no error in the page", page.problems.length === 0, page.problems.join("; "));
  const dark = await signedIn("us", "s.us", { colorScheme: "dark", viewport: { width: 400, height: 800 } });
  await accessible(dark, "dark and narrow");
  await look(dark, "desk-dark-narrow");
  await dark.context().close();
  await page.click("text=Sign out");
  await page.waitForSelector("h1:has-text('Sign in')");
  check("signed out, the session is over", (await page.evaluate(() => fetch("/v1/session", { method: "POST" }).then((r) => r.status))) === 401);
  await page.context().close();
}
