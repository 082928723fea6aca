// Reads HTML on standard input and writes it as GitHub's sanitizer leaves it. Argument: the folder with node_modules.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { resolve } = createRequire(process.argv[2] + "/");
const load = async (name) => (await import(pathToFileURL(resolve(name)))).default;
const { unified } = await import(pathToFileURL(resolve("unified")));
const page = await unified()
  .use(await load("rehype-parse"), { fragment: true })
  .use(await load("rehype-sanitize"))
  .use(await load("rehype-stringify"))
  .process(readFileSync(0, "utf8"));
process.stdout.write(String(page));
