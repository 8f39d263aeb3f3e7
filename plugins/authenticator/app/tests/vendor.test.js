import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const FOLDER = new URL("../vendor/", import.meta.url);
const ROW = /^\| `([\w./-]+\.(?:js|ts))` \|.*\| `([0-9a-f]{64})` \|$/gm;

const readme = await readFile(new URL("README.md", FOLDER), "utf8");
const hashes = new Map([...readme.matchAll(ROW)].map(([, name, hash]) => [name, hash]));

test("what was brought along is byte for byte what its page says", async () => {
  for (const [name, expected] of hashes) {
    const hash = createHash("sha256").update(await readFile(new URL(name, FOLDER))).digest("hex");
    assert.equal(hash, expected, name);
  }
});

test("nothing else was brought along", async () => {
  const folders = await Promise.all(["", "qr/"].map(async (folder) =>
    (await readdir(new URL(folder, FOLDER))).map((name) => folder + name)));
  const scripts = folders.flat().filter((name) => /\.(js|ts)$/.test(name));
  assert.deepEqual(scripts.sort(), [...hashes.keys()].sort());
});
