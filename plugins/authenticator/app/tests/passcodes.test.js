import assert from "node:assert/strict";
import { test } from "node:test";
import { activated, NO_PIN } from "./device.js";
import { utf8 } from "../core/bytes.js";
import { nextPasscode, openWithout } from "../core/index.js";
import { hotp, ocra, totp } from "../core/otp.js";

const DIGITS = "1234567890".repeat(7);
const KEYS = { SHA1: utf8(DIGITS.slice(0, 20)), SHA256: utf8(DIGITS.slice(0, 32)), SHA512: utf8(DIGITS.slice(0, 64)) };

test("the vectors of RFC 4226, appendix D, hold", async () => {
  const expected = [
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
  ];
  for (const [counter, passcode] of expected.entries()) {
    assert.equal(await hotp(KEYS.SHA1, counter, { algorithm: "SHA1", digits: 6 }), passcode);
  }
});

test("the vectors of RFC 6238, appendix B, hold for all three hashes", async () => {
  const expected = {
    59: ["94287082", "46119246", "90693936"],
    1111111109: ["07081804", "68084774", "25091201"],
    1111111111: ["14050471", "67062674", "99943326"],
    1234567890: ["89005924", "91819424", "93441116"],
    2000000000: ["69279037", "90698825", "38618901"],
    20000000000: ["65353130", "77737706", "47863826"],
  };
  for (const [time, passcodes] of Object.entries(expected)) {
    const made = Object.keys(KEYS).map((algorithm) =>
      totp(KEYS[algorithm], Number(time), 30, { algorithm, digits: 8 }));
    assert.deepEqual(await Promise.all(made), passcodes, time);
  }
});

test("the vectors of RFC 6287, appendix C, hold for a question of eight digits", async () => {
  const expected = [
    "237653", "243178", "653583", "740991", "608993", "388898", "816933", "224598", "750600", "294470",
  ];
  for (const [digit, answer] of expected.entries()) {
    assert.equal(await ocra(KEYS.SHA1, "OCRA-1:HOTP-SHA1-6:QN08", String(digit).repeat(8)), answer);
  }
});

test("a suite or a question that is not issued is refused", async () => {
  const suite = "OCRA-1:HOTP-SHA1-6:QN08";
  await assert.rejects(ocra(KEYS.SHA1, "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1", "12345678"), { code: "unknown_suite" });
  for (const question of ["1234567", "123456789", "1234567a", ""]) {
    await assert.rejects(ocra(KEYS.SHA1, suite, question), { code: "bad_challenge" });
  }
});

test("a counter is raised in the store before its passcode is told, and begins at 0", async () => {
  const { gateway, store, caller, account } = await activated({ ...NO_PIN, event: true, period: null });
  const seed = await openWithout(account);
  for (const counter of [0, 1, 2]) {
    const { passcode, validUntil } = await nextPasscode(caller, account, seed);
    assert.equal(passcode, gateway.passcodeAt(counter));
    assert.equal(validUntil, null);
    assert.equal((await store.account(account.id)).counter, counter + 1);
  }
});

test("two tabs never show the same counter's passcode", async () => {
  const { store, caller, account } = await activated({ ...NO_PIN, event: true, period: null });
  const seed = await openWithout(account);
  const other = await store.account(account.id);
  const shown = await Promise.all([account, other, account].map((one) => nextPasscode(caller, one, seed)));
  assert.equal(new Set(shown.map(({ passcode }) => passcode)).size, 3);
});

test("a passcode by time says until when it stands, by the device's own clock", async () => {
  const { gateway, caller, account } = await activated(NO_PIN);
  const seed = await openWithout(account);
  account.clockOffset = 100;
  const { passcode, validUntil } = await nextPasscode(caller, account, seed, { now: 1_000_000_000 });
  assert.equal(passcode, gateway.passcodeAt(Math.floor((1_000_000 + 100) / 30)));
  assert.equal(validUntil, Math.ceil((1_000_000 + 101) / 30) * 30 - 100);
});

test("a challenge is answered by OCRA", async () => {
  const changes = { ...NO_PIN, mode: "challenge_response", ocra: "OCRA-1:HOTP-SHA256-6:QN08", period: null };
  const { gateway, caller, account } = await activated(changes);
  const seed = await openWithout(account);
  const { passcode, validUntil } = await nextPasscode(caller, account, seed, { challenge: "01234567" });
  assert.deepEqual([[passcode], validUntil], [gateway.passcodes("01234567"), null]);
});
