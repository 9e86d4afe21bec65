// What the client adds to a page that connects and subscribes, as a bundler makes it: bytes, compressed.

import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const PAGES = {
  client: `import { connect } from "realtime-platform-client";
    connect({ url: "wss://example.test" }).subscribe("link:a", console.log);`,
  hook: `export { useChannel } from "realtime-platform-client/react";`,
  unused: `import { connect } from "realtime-platform-client";`,
};

for (const [name, contents] of Object.entries(PAGES)) {
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    external: ["react"],
  });
  const [{ contents: bundle }] = outputFiles;
  console.log(name, bundle.length, bundle.length ? gzipSync(bundle, { level: 9 }).length : 0);
}
