// `run.mjs [STORY…]` against the nodes in CONSOLE_FOLDER. The order matters: the examiners conclude what the custodian discloses, and redress
// begins with the hit of the desk.
import { auditor } from "./auditor.mjs";
import { browser, failed } from "./browser.mjs";
import { custodian, suspension } from "./custodian.mjs";
import { behalf, desk } from "./desk.mjs";
import { examiner } from "./examiner.mjs";
import { passkey } from "./passkey.mjs";
import { programmes, redress } from "./redress.mjs";

const stories = { examiner, custodian, auditor, desk, redress, programmes, behalf, passkey, suspension };
const wanted = process.argv.slice(2);
for (const [name, story] of Object.entries(stories)) if (!wanted.length || wanted.includes(name)) await story();
await browser.close();
process.exit(failed() ? 1 : 0);
