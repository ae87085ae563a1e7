// WebAuthn: the person's key sealed by an authenticator, opened by it in place of the passphrase; another authenticator opens nothing.
import { join } from "node:path";
import { accessible, address, check, folder, look, open, passphrase } from "./browser.mjs";

async function authenticator(page, options = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, hasPrf: true, ...options } });
  return { cdp, authenticatorId };
}

export async function passkey() {
  const page = await open("us"), device = await authenticator(page);
  await page.setInputFiles("input[type=file][accept='.key']", join(folder, "us/people/o.us.key"));
  await page.fill("input[type=password]", passphrase);
  await page.check("label.choice input");
  await page.click("form button[type=submit]");
  await page.waitForSelector("header.bar");
  await page.click("text=Sign out");
  await page.waitForSelector("button:has-text('Sign in as o.us')");
  await look(page, "sign-in-passkey");
  await accessible(page, "sign-in by an authenticator");
  await page.click("button:has-text('Sign in as o.us')");
  await page.waitForSelector("header.bar");
  check("the authenticator opens the person's key, without file and passphrase", /o\.us/.test(await page.textContent("header.bar .who")));
  const kept = await page.evaluate(() => Object.entries(localStorage).filter(([k]) => k.startsWith("entente-passkey")).map(([, v]) => v).join());
  check("what lies in the browser is sealed", /"box":"[0-9a-f]{120}"/.test(kept), kept);
  await page.click("text=Sign out");
  await device.cdp.send("WebAuthn.setUserVerified", { authenticatorId: device.authenticatorId, isUserVerified: false });
  await page.click("button:has-text('Sign in as o.us')");
  await page.waitForSelector(".note.bad:has-text('was not given')");
  check("somebody else's finger opens nothing", true);
  await device.cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: device.authenticatorId });
  await authenticator(page);
  await page.click("button:has-text('Sign in as o.us')");
  await page.waitForSelector(".note.bad");
  check("nor does another authenticator", !(await page.$("header.bar")));
  await page.click("button:has-text('Forget')");
  await page.waitForSelector("button:has-text('Sign in as o.us')", { state: "detached" });
  check("forgotten, the passphrase is what is left", (await page.evaluate(() => Object.keys(localStorage).some((k) => k.startsWith("entente-passkey")))) === false);
  check("no error in the page", page.problems.length === 0, page.problems.join("; "));
  await page.goto(address.us.replace("localhost", "127.0.0.1"));
  await page.waitForSelector("p.hint:has-text('At http://localhost')");
  check("at an address, which no browser takes as a relying party, the page says so", true);
  await page.context().close();
}
