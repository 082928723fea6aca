// Checks workflows with GitHub's language service and prints, as JSON, what it finds in each file.
// Arguments: the folder with node_modules, our action's owner/name, its action.yml, then the files to check.
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, ours, actionFile, ...files] = process.argv.slice(2);
const require = createRequire(packages + "/");

// Node 20 refuses the service's JSON imports, which lack an attribute: so it is bundled first.
const bundled = (contents) => {
  const folder = mkdtempSync(join(tmpdir(), "language-service-"));
  const outfile = join(folder, "bundle.cjs");
  try {
    const stdin = { contents, resolveDir: packages };
    require("esbuild").buildSync({ stdin, outfile, bundle: true, format: "cjs", platform: "node" });
    return require(outfile);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const { registerLogger, validate, TextDocument, parse } = bundled(`
  export { registerLogger, validate } from "@actions/languageservice";
  export { TextDocument } from "vscode-languageserver-textdocument";
  export { parse } from "yaml";
`);

// The service logs its own crashes and then reports nothing: that must not pass for a clean file.
const fail = (message) => {
  console.error(message);
  process.exitCode = 1;
};
registerLogger({ error: fail, warn: fail, info: () => {}, log: () => {} });

const metadata = parse(readFileSync(actionFile, "utf8"));
const actionsMetadataProvider = {
  // Without `inputs` the service takes any: other people's actions are not fetched.
  fetchActionMetadata: async ({ owner, name, path }) =>
    `${owner}/${name}` === ours && !path ? metadata : { name, description: "" },
};

const ERROR = 1; // https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#diagnosticSeverity
const WARNING = 2;
const found = {};
for (const file of files) {
  const document = TextDocument.create(pathToFileURL(file).href, "yaml", 1, readFileSync(file, "utf8"));
  const diagnostics = await validate(document, { actionsMetadataProvider });
  found[file] = diagnostics
    .filter(({ severity = ERROR }) => severity <= WARNING)
    .map(({ message, range }) => ({ line: range.start.line + 1, message }));
}
process.stdout.write(JSON.stringify(found));
