// Builds the console into ../share/console, from where the node serves it. `node build.mjs [folder]`.
import { build } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../share/console"));
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(here, "src/main.tsx")], outfile: join(out, "console.js"), bundle: true, minify: true, format: "esm",
  target: ["es2023"], jsx: "automatic", jsxImportSource: "preact", legalComments: "none", logLevel: "warning",
});
for (const name of ["index.html", "style.css", "mark.svg"]) copyFileSync(join(here, "static", name), join(out, name));
