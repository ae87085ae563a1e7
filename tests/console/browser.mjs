// What the browser's stories share: the demo's nodes, a browser, a person signed in, axe.
import { chromium } from "../../console/node_modules/playwright-core/index.mjs";
import { execFileSync } from "node:child_process";
import { readFileSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../../console/package.json", import.meta.url));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const folder = process.env.CONSOLE_FOLDER;
export const passphrase = "a passphrase for the demo only";
export const address = Object.fromEntries(readFileSync(join(folder, "addresses"), "utf8").trim().split("\n").map((l) => l.split("=")));
const shots = process.env.CONSOLE_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

export const browser = await chromium.launch({
  executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync), args: ["--no-sandbox"],
});

/** What the desk's device makes of a print: one crossing, its statement signed with the desk's key. The path of the file. */
let captures = 0;
export function captured(file, officer) {
  const out = join(folder, `traveller-${++captures}.capture`);
  execFileSync(process.env.ENTENTE, ["--node", join(folder, "us"), "desk", "capture", join(folder, file), "--desk", "desk-1", "--officer", officer, "--nationality", "UTO", "-o", out],
    { env: { ...process.env, ENTENTE_PASSPHRASE_FILE: join(folder, "passphrase"), ENTENTE_QUICK_KEYS: "1" } });
  return out;
}

let failures = 0;
export function check(what, good, detail = "") {
  console.log(`${good ? "ok  " : "FAIL"}  ${what}${good ? "" : `: ${detail}`}`);
  if (!good) failures++;
}
export const failed = () => failures;

/** A page whose console errors and policy violations are failures. */
export async function open(node, options = {}) {
  const context = await browser.newContext({ colorScheme: "light", viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (e) => page.problems.push(String(e)));
  page.on("console", (m) => m.type() === "error" && !/status of 4|ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED/.test(m.text()) && page.problems.push(m.text()));
  await page.goto(address[node]);
  return page;
}

export async function unlock(page, node, name, words = passphrase) {
  await page.setInputFiles("input[type=file][accept='.key']", join(folder, node, "people", `${name}.key`));
  page.officer = name;
  await page.fill("input[type=password]", words);
  await page.click("form button[type=submit]:has-text('Sign in')");
}

export async function signedIn(node, name, options) {
  const page = await open(node, options);
  await unlock(page, node, name);
  await page.waitForSelector("header.bar");
  return page;
}

/** Goes on by the Tab key alone until what has the focus is called so; its name. */
export async function tabTo(page, name, key = "Tab") {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press(key);
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      return e.getAttribute("aria-label") || [...(e.labels ?? [])].map((l) => l.innerText).join(" ") || e.innerText || "";
    });
    if (name.test(at)) return at;
  }
  throw new Error(`nothing called ${name} can be reached by Tab`);
}

/** Everything in light; in dark what depends on colours; and at 320 pixels. */
export async function accessible(page, what) {
  await page.waitForSelector("h1"); // the page draws itself after it was loaded
  await page.evaluate(axe); // through the debugger: the page's own policy would refuse it
  await finds(page, `${what}, light`, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
  await page.emulateMedia({ colorScheme: "dark" });
  await finds(page, `${what}, dark`, { type: "rule", values: ["color-contrast", "link-in-text-block"] });
  await page.emulateMedia({ colorScheme: "light" });
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: 320, height });
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  check(`${what}: at 320 pixels nothing is beside the page`, wide <= 320, `${wide} pixels`); // WCAG 2.2, 1.4.10
  await page.setViewportSize({ width, height });
}

async function finds(page, what, runOnly) {
  const { violations } = await page.evaluate((only) => window.axe.run(document, { runOnly: only, resultTypes: ["violations"] }), runOnly);
  check(`${what}: axe finds nothing`, violations.length === 0, JSON.stringify(violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))])));
}

/** For a reviewer: the page in light, in dark and on a telephone. */
export async function look(page, name) {
  if (!shots) return;
  const { width, height } = page.viewportSize();
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(shots, `${name}-dark.png`), fullPage: true });
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(shots, `${name}-narrow.png`), fullPage: true });
  await page.setViewportSize({ width, height });
}

/** As it is printed. */
export async function sheet(page, name) {
  await page.emulateMedia({ media: "print" });
  const text = await page.innerText("body");
  if (shots) { await page.screenshot({ path: join(shots, `${name}-sheet.png`), fullPage: true }); await page.pdf({ path: join(shots, `${name}.pdf`), format: "A4" }); }
  await page.emulateMedia({ media: null });
  return text;
}
