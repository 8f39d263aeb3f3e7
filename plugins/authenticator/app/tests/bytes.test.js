import assert from "node:assert/strict";
import { test } from "node:test";
import "./gateway.js";
import { base64, base64url, concat, fromBase64url, hkdf, random, same, utf8 } from "../core/bytes.js";

const hex = (text) => Uint8Array.from(Buffer.from(text, "hex"));

test("HKDF gives what RFC 5869, A.1, says", async () => {
  const made = await hkdf(hex("0b".repeat(22)), hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), 42);
  const expected =
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
  assert.equal(Buffer.from(made).toString("hex"), expected);
});

test("base64 is what everybody else's is, at every length", () => {
  for (const length of [0, 1, 2, 3, 31, 32, 4095, 4096, 4097, 10_000]) {
    const bytes = random(length);
    assert.equal(base64(bytes), Buffer.from(bytes).toString("base64"));
    assert.equal(base64url(bytes), Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(fromBase64url(base64url(bytes)), bytes);
  }
});

test("what is no base64url is refused", () => {
  for (const text of ["a+b/", "YQ==", "a b", "ä"]) assert.throws(() => fromBase64url(text));
});

test("bytes are the same only if all of them are", () => {
  const some = utf8("doorward");
  assert.ok(same(some, concat(utf8("door"), utf8("ward"))));
  for (const other of ["doorwarp", "doorwar", "doorward ", ""]) assert.ok(!same(some, utf8(other)), other);
});
