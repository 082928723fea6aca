// Starts the stateful GitHub and prints its port. It ends when its standard input closes.
// usage: node emulator.mjs MODULE BASE_URL SEED_JSON
import { createServer } from "node:net";
import { pathToFileURL } from "node:url";

const [module, baseUrl, seed] = process.argv.slice(2);
const { createEmulator } = await import(pathToFileURL(module).href);
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const free = probe.address().port;
    probe.close(() => resolve(free));
  });
});
const emulator = await createEmulator({ service: "github", port, baseUrl, seed: JSON.parse(seed) });
console.log(port);
process.stdin.resume();
process.stdin.on("end", async () => {
  await emulator.close();
  process.exit(0);
});
