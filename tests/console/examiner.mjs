// The examiner's stories: the probe alone, the lock, the candidate beside it, two signed conclusions that end the case; a face with its form, once
// by the keyboard alone.
import { join } from "node:path";
import { accessible, check, folder, look, open, passphrase, signedIn, tabTo } from "./browser.mjs";

const forbidden = /score|ratio|rank|log10|"name"|category|minutiae|control|reference/;

async function openCase(page) {
  await page.waitForSelector("main h1:has-text('Your cases')");
  await page.waitForSelector("tr:has-text('open') button:has-text('Open')");
  await look(page, "cases");
  await accessible(page, "the list of cases");
  const answer = page.waitForResponse(/case-open/);
  await page.click("tr:has-text('analysis') button:has-text('Open')");
  return (await answer).json();
}

async function mark(page) {
  await page.waitForFunction(() => /zoom [1-9]/.test(document.querySelector("canvas").getAttribute("aria-label")));
  const box = await (await page.$("canvas")).boundingBox(), at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  await page.click("button:has-text('Bifurcation')");
  await page.mouse.click(...at(0.5, 0.45));
  await page.click("button:text-is('Ending')");
  await page.mouse.click(...at(0.4, 0.6));
  await page.focus("canvas");
  for (const key of ["+", "]", "ArrowLeft", "m"]) await page.keyboard.press(key);
  const label = await page.getAttribute("canvas", "aria-label");
  check("marks by pointer and by keyboard, zoom and turn", /turned 5 degrees, 3 marks/.test(label), label);
  await page.keyboard.press("u");
  await page.click("button:text-is('Measure')");
  await page.mouse.move(...at(0.3, 0.5));
  await page.mouse.down();
  await page.mouse.move(...at(0.6, 0.5));
  await page.mouse.up();
  check("a line is measured", /\d+ pixels, \d+\.\d mm/.test(await page.textContent("main")));
  await page.keyboard.press("Tab");
}

/** What was marked survives going back to the list. */
async function backAndAgain(page) {
  await page.click("button:has-text('Back to the list')");
  await page.click("tr:has-text('analysis') button:has-text('Open')");
  await page.waitForSelector("canvas");
  check("marks are still there after going back", /2 marks/.test(await page.getAttribute("canvas", "aria-label")));
}

async function compare(page) {
  await page.waitForSelector("h1:has-text('Comparison')");
  await page.waitForFunction(() => document.querySelectorAll("canvas").length === 2 && [...document.querySelectorAll("canvas")].every((c) => /zoom [1-9]/.test(c.getAttribute("aria-label"))));
  const zooms = () => page.$$eval("canvas", (all) => all.map((c) => Number(/zoom (\d+)/.exec(c.getAttribute("aria-label"))[1])));
  const before = await zooms();
  await page.focus("canvas");
  await page.keyboard.press("+");
  const after = await zooms();
  check("both pictures move together", after[0] > before[0] && after[1] > before[1], `${before} ${after}`);
  await page.click("text=Both move together");
  await page.focus("canvas");
  await page.keyboard.press("+");
  const apart = await zooms();
  check("and apart when it is wished", apart[0] > after[0] && apart[1] === after[1], `${after} ${apart}`);
}

async function conclude(page) {
  await page.click("text=Sign the conclusion");
  check("a conclusion needs a choice", /Choose a conclusion/.test(await page.textContent(".note.bad")));
  await page.click("label.choice:has-text('identified')");
  await page.click("text=Sign the conclusion");
  await page.waitForSelector(".note.bad:has-text('Give your reasons')");
  await page.fill("label:has-text('Reasons') + textarea", "level 2 detail in agreement, no difference");
  await look(page, "comparison");
  await accessible(page, "comparison");
  await page.click("text=Sign the conclusion");
  await page.waitForSelector(".note:has-text('version 1')");
}

async function examine(name, whole) {
  const page = await signedIn("gb", name);
  const opened = await openCase(page);
  check(`${name}: the probe alone before the analysis is locked`, opened.pictures.length === 1 && opened.pictures[0].of === "probe");
  check(`${name}: nothing of the machine's in what the page was sent`, !forbidden.test(JSON.stringify(opened, (k, v) => (k === "png" ? "" : v))));
  if (whole) {
    await mark(page);
    await look(page, "analysis");
    await accessible(page, "analysis");
    await backAndAgain(page);
    await page.click("text=Lock the analysis");
    check("suitability must be said", /Say whether/.test(await page.textContent(".note.bad")));
  }
  await page.click("label.choice:text-is('suitable')");
  const locked = page.waitForResponse(/case-analyse/);
  await page.click("text=Lock the analysis");
  check(`${name}: the node takes the signature over the marks`, (await locked).status() === 200);
  if (whole) await compare(page);
  await page.waitForSelector("text=Sign the conclusion");
  await conclude(page);
  check(`${name}: no error in the page`, page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}

const FEATURES = 12;

/** A face: the node takes no step without the form, whatever a page would send; the page says what is missing. */
async function face(name) {
  const page = await signedIn("gb", name);
  await page.click("tr:has-text('analysis') button:has-text('Open')");
  await page.waitForSelector(".form-grid select");
  check("a face has its form", (await page.locator(".form-grid select").count()) === FEATURES);
  await page.click("label.choice:text-is('suitable')");
  await page.click("text=Lock the analysis");
  await page.waitForSelector(".note.bad:has-text('Fill in every feature')");
  for (const s of await page.$$(".form-grid select")) await s.selectOption("clear");
  await look(page, "face-analysis");
  await accessible(page, "the analysis of a face");
  await page.click("text=Lock the analysis");
  await page.waitForSelector("h1:has-text('Comparison')");
  await page.waitForFunction(() => document.querySelectorAll("canvas").length === 2);
  for (const s of await page.$$(".form-grid select")) await s.selectOption("same");
  await page.locator(".form-grid select").first().selectOption("differs");
  await page.click("label.choice:has-text('identified')");
  await page.fill("label:has-text('Reasons') + textarea", "the same");
  await page.click("text=Sign the conclusion");
  await page.waitForSelector(".note.bad:has-text('differs and nothing explains it')");
  check("the node holds the conclusion to the form", true);
  await look(page, "face-comparison");
  await accessible(page, "the comparison of a face");
  await page.click("label.choice:has-text('excluded')");
  await page.click("text=Sign the conclusion");
  await page.waitForSelector(".note:has-text('version 1')");
  check(`${name}: no error in the page`, page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}

/** From the sign-in to the conclusion without a pointer. */
async function byKeyboard(name) {
  const page = await open("gb"), press = (...keys) => keys.reduce((done, k) => done.then(() => page.keyboard.press(k)), Promise.resolve());
  page.on("filechooser", (c) => c.setFiles(join(folder, "gb", "people", `${name}.key`)));
  await page.waitForSelector("input[type=file]");
  await tabTo(page, /Your key file/);
  await press("Space");
  await page.waitForFunction(() => document.querySelector("input[type=file]").files.length === 1);
  await tabTo(page, /Passphrase/);
  await page.keyboard.type(passphrase);
  await press("Enter");
  await page.waitForSelector("tr:has-text('analysis') button:has-text('Open')");
  await tabTo(page, /^Open/);
  await press("Enter");
  await page.waitForFunction(() => /zoom [1-9]/.test(document.querySelector("canvas")?.getAttribute("aria-label") ?? ""));
  await tabTo(page, /^Probe: zoom/);
  await press("+", "ArrowLeft", "]", "m");
  check("marks are made from the keyboard", /turned 5 degrees, 1 marks/.test(await page.getAttribute("canvas", "aria-label")));
  await tabTo(page, /^Shape of the face/);
  for (let i = 0; i < FEATURES; i++) await press("c", "Tab"); // clear
  await tabTo(page, /^suitable/);
  await press("Space");
  await tabTo(page, /^Lock the analysis/);
  await press("Enter");
  await page.waitForSelector("h1:has-text('Comparison')");
  await page.waitForSelector(".form-grid select");
  await tabTo(page, /^Shape of the face/);
  for (let i = 0; i < FEATURES; i++) await press("d", "Tab"); // differs
  await tabTo(page, /^identified/, "Shift+Tab").catch(() => tabTo(page, /^identified/));
  await press("Space", "ArrowDown"); // excluded
  await tabTo(page, /^Reasons/);
  await page.keyboard.type("the ears differ");
  await tabTo(page, /^Sign the conclusion/);
  await press("Enter");
  await page.waitForSelector(".note:has-text('version 1')");
  check("from the sign-in to the conclusion by the keyboard alone", /excluded, version 1/.test(await page.textContent("main")), await page.textContent("main"));
  check(`${name}: no error in the page`, page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}

export async function examiner() {
  await examine("x.gb", true);
  await examine("y.gb", false);
  await face("x.gb");
  await byKeyboard("y.gb");
  const page = await signedIn("gb", "x.gb");
  await page.waitForSelector("tr:has-text('concluded'):has-text('identified')");
  check("two of one mind conclude the case", true);
  await page.click("tr:has-text('concluded'):has-text('identified') button:has-text('Look')");
  const before = await page.innerText("main");
  check("nothing of the machine's until it is asked for", !/Score|likelihood/.test(before.replace("Open the machine's drawing and score", "")), before);
  await page.click("text=Open the machine's drawing and score");
  await page.waitForSelector("svg.chart image");
  const said = await page.innerText("main");
  check("afterwards the machine's drawing and score can be opened", /Score \d+\.\d; likelihood ratio 10\^/.test(said) && (await page.locator("svg.chart circle").count()) > 5, said);
  await look(page, "machine");
  await accessible(page, "the machine's drawing");
  await page.click("label.choice:has-text('identified')");
  await page.fill("label:has-text('Reasons') + textarea", "the same after the machine's drawing");
  await page.click("text=Sign the conclusion");
  await page.waitForSelector(".note:has-text('version 2')");
  check("a change afterwards is a new signed version", true);
  check("no error in the page", page.problems.length === 0, page.problems.join("; "));
  await page.context().close();
}
