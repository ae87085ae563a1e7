import { browser, failed } from "./browser.mjs";
import { desk } from "./desk.mjs";
import { examiner } from "./examiner.mjs";

const stories = { examiner, desk };
const wanted = process.argv.slice(2);
for (const [name, story] of Object.entries(stories)) if (!wanted.length || wanted.includes(name)) await story();
await browser.close();
process.exit(failed() ? 1 : 0);
