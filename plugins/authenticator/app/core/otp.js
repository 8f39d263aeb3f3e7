/** Passcodes: HOTP (RFC 4226), TOTP (RFC 6238) and OCRA (RFC 6287) over a question of eight digits. */

import { concat, hmac, utf8, wipe } from "./bytes.js";
import { CoreError } from "./error.js";

/** @typedef {import("./call.js").Caller} Caller */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Algorithm} Algorithm */
/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {import("./types.js").Passcode} Passcode */
/** @typedef {import("./types.js").Template} Template */

/** @typedef {{algorithm: Algorithm, digits: number}} Params */

const HASHES = /** @type {const} */ ({ SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" });

/** How long a seed is, in bytes: as long as the hash. */
const SEED_LENGTHS = { SHA1: 20, SHA256: 32, SHA512: 64 };

/** The only suites that are issued: a question, and nothing else. */
const SUITE = /^OCRA-1:HOTP-(SHA1|SHA256|SHA512)-([4-9]|10):QN08$/;
const QUESTION = /^[0-9]{8}$/;
/** The question's place in an OCRA message, whatever its kind. */
const QUESTION_BYTES = 128;

/** What a challenge-response token answers when it is activated. */
const FIRST_QUESTION = "00000000";

/** @param {Algorithm} algorithm */
export const seedLength = (algorithm) => SEED_LENGTHS[algorithm];

/**
 * @param {Bytes} seed
 * @param {number} counter
 * @param {Params} params
 */
export async function hotp(seed, counter, { algorithm, digits }) {
  return decimal(await hmac(seed, eightBytes(counter), HASHES[algorithm]), digits);
}

/**
 * @param {Bytes} seed
 * @param {number} time seconds by the gateway's clock
 * @param {number} period
 * @param {Params} params
 */
export const totp = (seed, time, period, params) => hotp(seed, Math.floor(time / period), params);

/**
 * @param {Bytes} seed
 * @param {string} suite
 * @param {string} question
 */
export async function ocra(seed, suite, question) {
  const [, algorithm, digits] = SUITE.exec(suite) ?? [];
  if (!algorithm) throw new CoreError("unknown_suite", { suite });
  if (!QUESTION.test(question)) throw new CoreError("bad_challenge");
  const message = concat(utf8(suite), new Uint8Array(1), questionBytes(question));
  return decimal(await hmac(seed, message, HASHES[/** @type {Algorithm} */ (algorithm)]), Number(digits));
}

/**
 * The next passcode of an account. A counter is raised, on disk, before its passcode is told.
 * @param {Caller} caller
 * @param {Account} account
 * @param {Bytes} seed
 * @param {{challenge?: string, now?: number}} [asked] `now` in milliseconds by this device's clock
 * @returns {Promise<Passcode>}
 */
export async function nextPasscode(caller, account, seed, { challenge = "", now = caller.now() } = {}) {
  const { template, clockOffset } = account;
  if (template.event) {
    account.counter = await caller.store.raise(account.id, "counter");
    return { passcode: await hotp(seed, account.counter - 1, template), validUntil: null };
  }
  const time = Math.floor(now / 1000) + clockOffset;
  const passcode = await passcodeOf(template, seed, time, challenge);
  return { passcode, validUntil: stepEnd(template, time, clockOffset) };
}

/**
 * What proves at the activation that both sides have the same seed; nothing is used up by it.
 * @param {Template} template
 * @param {Bytes} seed
 * @param {number} time seconds by the gateway's clock
 */
export function firstPasscode(template, seed, time) {
  return template.event ? hotp(seed, 0, template) : passcodeOf(template, seed, time, FIRST_QUESTION);
}

/**
 * @param {Template} template
 * @param {Bytes} seed
 * @param {number} time
 * @param {string} challenge
 */
function passcodeOf(template, seed, time, challenge) {
  if (template.mode === "challenge_response") return ocra(seed, template.ocra ?? "", challenge);
  return totp(seed, time, periodOf(template), template);
}

/**
 * @param {Template} template
 * @param {number} time
 * @param {number} clockOffset
 */
function stepEnd(template, time, clockOffset) {
  if (template.mode === "challenge_response") return null;
  const period = periodOf(template);
  return (Math.floor(time / period) + 1) * period - clockOffset;
}

/** @param {Template} template */
function periodOf({ period }) {
  if (!period) throw new CoreError("damaged");
  return period;
}

/** @param {number} value */
function eightBytes(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/**
 * The number in hexadecimal, filled up with zeros on its right: so does the RFC's reference code.
 * @param {string} question
 */
function questionBytes(question) {
  const digits = BigInt(question).toString(16).padEnd(QUESTION_BYTES * 2, "0");
  const pairs = digits.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/**
 * Dynamic truncation (RFC 4226 5.3).
 * @param {Bytes} mac
 * @param {number} digits
 */
function decimal(mac, digits) {
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = new DataView(mac.buffer).getUint32(offset) & 0x7fffffff;
  wipe(mac);
  return String(number % 10 ** digits).padStart(digits, "0");
}
