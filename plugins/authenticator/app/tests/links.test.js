import assert from "node:assert/strict";
import { test } from "node:test";
import { ORIGIN } from "./gateway.js";
import { readCode, readLink } from "../core/index.js";

const T = "A".repeat(43);
const ticket = { kind: "ticket", ticket: { id: "t1", t: T } };
const refused = (reason) => ({ kind: "refused", reason });

test("the QR code's address, the link and the installed app's start address carry the ticket", () => {
  for (const text of [
    `${ORIGIN}/a/#v=1&i=t1&t=${T}`,
    `  ${ORIGIN}/a/#v=1&i=t1&t=${T}\n`,
    `HTTPS://authenticator.example.org/a/#v=1&i=t1&t=${T}`,
    `${ORIGIN}/a/?i=t1&t=${T}`,
    `/a/?i=t1&t=${T}`,
  ]) {
    assert.deepEqual(readLink(text, ORIGIN), ticket, text);
  }
});

test("only our own origin is taken", () => {
  for (const origin of [
    "https://authenticator.example.com", "http://authenticator.example.org", `${ORIGIN}:8443`, `${ORIGIN}.evil.test`,
    "https://x@evil.test",
  ]) {
    assert.deepEqual(readLink(`${origin}/a/#v=1&i=t1&t=${T}`, ORIGIN), refused("other_origin"), origin);
  }
});

test("what is not whole, or of another version, says so", () => {
  const whole = `v=1&i=t1&t=${T}`;
  for (const rest of ["/a/", "/a/#v=1", `/a/#v=1&t=${T}`, "/a/#v=1&i=t1&t=short", `/b/#${whole}`, `/a/#i=t1&t=${T}`]) {
    assert.deepEqual(readLink(ORIGIN + rest, ORIGIN), refused("incomplete"), rest);
  }
  assert.deepEqual(readLink(`${ORIGIN}/a/#v=2&i=t1&t=${T}`, ORIGIN), refused("other_version"));
});

test("a code is read as people type it", () => {
  for (const typed of ["7Q2M-K94T-A0C1", "7q2mk94ta0c1", " 7q2m k94t aOcI ", "7Q2M–K94T–AoCl"]) {
    assert.deepEqual(readLink(typed, ORIGIN), { kind: "code", code: "7Q2MK94TA0C1" }, typed);
  }
});

test("what is no code is none", () => {
  const lengths = ["", "7Q2M-K94T-A0C", "7Q2M-K94T-A0C12"];
  for (const typed of [...lengths, "7Q2M-K94T-A0CU", "otpauth://totp/x?secret=A", "https://["]) {
    assert.deepEqual(readLink(typed, ORIGIN), refused("no_code"), typed);
  }
  assert.equal(readCode("7Q2M"), null);
});
