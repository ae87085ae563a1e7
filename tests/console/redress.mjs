// The traveller who was stopped for nothing: excluded by persons, a slip with their consent, printed as a code; the code read again at the
// next crossing, which goes on; revoked, it does not. And admission, by the same desk.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { accessible, address, browser, check, folder, look, sheet, signedIn } from "./browser.mjs";
import { ask, capture, field } from "./desk.mjs";

const jsQR = createRequire(new URL("../../console/package.json", import.meta.url))("jsqr");

/** Both examiners exclude whatever waits for them: what the desk's story asked about. */
async function exclude(name) {
  const page = await signedIn("gb", name);
  await page.waitForSelector("tr:has-text('analysis')");
  while (await page.locator("tr:has-text('analysis')").count()) {
    await page.click("tr:has-text('analysis') button:has-text('Open')");
    await page.click("label.choice:text-is('suitable')");
    for (const s of await page.$$(".form-grid select")) await s.selectOption("clear");
    await page.click("text=Lock the analysis");
    await page.click("label.choice:has-text('excluded')");
    for (const s of await page.$$(".form-grid select")) await s.selectOption("differs");
    await page.fill("label:has-text('Reasons') + textarea", "difference in the core's form and in level 2 detail");
    await page.click("text=Sign the conclusion");
    await page.waitForSelector(".note:has-text('version 1')");
    await page.click("text=Back to the list");
    await page.waitForSelector("main tbody tr");
  }
  await page.context().close();
}

/** By a decoder that is not the console's; its pixels in a page of their own. */
async function decoded(path) {
  const page = await browser.newPage();
  const { width, height, data } = await page.evaluate(async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height }), c = canvas.getContext("2d");
    c.drawImage(image, 0, 0);
    return { width: image.width, height: image.height, data: [...c.getImageData(0, 0, image.width, image.height).data] };
  }, readFileSync(path).toString("base64"));
  await page.close();
  return jsQR(Uint8ClampedArray.from(data), width, height)?.data ?? "nothing";
}

async function slip(page) {
  await page.goto(`${address.us}#/secondary`);
  await page.waitForSelector("section[aria-label='D1-HELD']:has-text('persons did not confirm')", { timeout: 60000 });
  check("without consent there is no slip", await page.isDisabled("button:has-text('Make a redress slip')"));
  await page.check("label:has-text('The traveller consents') input");
  await page.click("button:has-text('Make a redress slip')");
  await page.waitForSelector("svg.qr");
  await look(page, "slip");
  await accessible(page, "a slip");
  const paper = await sheet(page, "slip");
  check("its sheet names the slip and nobody", /Redress slip/.test(paper) && /gb\.example/.test(paper) && !/ERIKSSON|L898902C3/.test(paper), paper);
  await page.locator("svg.qr").first().screenshot({ path: join(folder, "slip.png"), scale: "device" });
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("button:has-text('Save its file')")]);
  await file.saveAs(join(folder, "slip.txt"));
  const read = await decoded(join(folder, "slip.png"));
  check("another decoder reads the code too, to the last byte", read === readFileSync(join(folder, "slip.txt"), "utf8"), read);
}

async function again(page) {
  await page.goto(`${address.us}#/desk`);
  await page.waitForFunction(() => document.querySelector("input[list=purposes]")?.value);
  await capture(page, "text.png");
  await page.click(".captures button:has-text('Remove')");
  await page.setInputFiles("label:has-text('Redress slip') + input", join(folder, "text.png"));
  await page.waitForSelector(".note.bad:has-text('no redress slip')");
  await page.setInputFiles("label:has-text('Redress slip') + input", join(folder, "slip.png"));
  await page.waitForSelector(".note.good:has-text('A slip for gb.example')");
  check("the code is read from its picture", true);
  const said = await ask(page, "known/1_3.png", "D2-SLIP");
  check("the same traveller with the slip proceeds", /PROCEED/.test(said), said);
  await page.keyboard.press("Escape");
  const without = await ask(page, "known/1_3.png", "D2-NONE");
  check("without it, they are stopped", /REFER/.test(without), without);
  await page.keyboard.press("Escape");
}

async function revoke(page) {
  await page.goto(`${address.us}#/slips`);
  await page.setInputFiles("label:text-is('The slip') + input", join(folder, "slip.txt"));
  await page.waitForSelector(".note.good:has-text('counts')");
  await look(page, "slips");
  await accessible(page, "redress slips");
  await page.click("tbody button:has-text('Revoke')");
  await page.waitForSelector(".tag:has-text('revoked')");
  await page.goto(`${address.us}#/desk`);
  await page.setInputFiles("label:has-text('Redress slip') + input", join(folder, "slip.txt"));
  const said = await ask(page, "known/1_3.png", "D3-REVOKED");
  check("a revoked slip is said before anybody is asked", /revoked/.test(said), said);
}

async function close(page) {
  await page.goto(`${address.us}#/secondary`);
  await page.click("section[aria-label='D1-HELD'] button:has-text('Close the crossing')");
  await page.waitForSelector("section[aria-label='D1-HELD']", { state: "detached" });
  check("a closed crossing is gone", true);
}

async function admit(page) {
  await page.goto(`${address.us}#/admission?nationality=UTO&document=UTO%20L898902C3`);
  await page.waitForSelector("fieldset");
  check("who comes from secondary needs no typing", (await page.inputValue(`form ${field("Document number").split(",")[0]}`)) === "UTO L898902C3");
  await page.click("text=What does the programme say?");
  await page.waitForSelector(".note:has-text('Refer')");
  for (const f of await page.$$("fieldset")) await (await f.$("label:has-text('yes') input")).check();
  await page.fill("label:has-text('Authorised until') + input", "2099-01-01");
  await page.click("text=What does the programme say?");
  await page.waitForSelector(".note.good:has-text('Meets programme conditions, up to')");
  await look(page, "admission");
  await accessible(page, "admission");
  await page.click("text=Admit and sign");
  await page.waitForSelector(".note.good:has-text('Admitted until')");
  check("the officer's decision is signed and recorded", true);
  await page.fill(`form:has-text('Record the exit') ${field("Nationality").split(",")[0]}`, "UTO");
  await page.fill(`form:has-text('Record the exit') ${field("Document number").split(",")[0]}`, "UTO L898902C3");
  await page.click("text=Record the exit");
  await page.waitForSelector(".note.good:has-text('left today')");
  check("the exit is recorded", true);
}

export async function redress() {
  await exclude("x.gb");
  await exclude("y.gb");
  const page = await signedIn("us", "s.us");
  await slip(page);
  await again(page);
  await revoke(page);
  await close(page);
  await admit(page);
  check("no error in the page", page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}

/** A designation needs two custodians, and its end is public. */
export async function programmes() {
  const page = await signedIn("us", "c.us");
  await page.goto(`${address.us}#/programmes`);
  await page.waitForSelector("form.card");
  await page.selectOption("form select", "end");
  await page.fill(field("Programme"), "us-visa-waiver");
  await page.fill(field("Country"), "UTO");
  await page.fill(field("Decided by"), "The Secretary");
  await page.fill(field("Clause"), "INA s. 217(c)(5)");
  await page.click("text=Sign the proposal");
  await page.waitForSelector("tr:has-text('end a designation') button");
  await page.click("tr:has-text('end a designation') button");
  await page.waitForSelector(".note.bad");
  check("who proposed does not approve", true);
  await look(page, "programmes");
  await accessible(page, "programmes");
  await page.context().close();
  const other = await signedIn("us", "d.us");
  await other.goto(`${address.us}#/programmes`);
  await other.click("tr:has-text('end a designation') button");
  await other.waitForSelector("tr:has-text('end a designation') .tag.go");
  await other.goto(`${address.us}#/history`);
  await other.waitForSelector("tr:has-text('end')");
  check("the end is in the public history", /us-visa-waiver UTO/.test(await other.textContent("tr:has-text('end')")));
  await look(other, "history");
  await accessible(other, "public history");
  check("no error in the custodian's programmes", other.problems.length === 0, other.problems.join("; "));
  await other.context().close();
}
