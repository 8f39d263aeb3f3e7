/** The seed that device and gateway come to without sending it, and what proves to each that the other has it. */

import { base64url, concat, fromBase64url, hkdf, hmac, sha256, text, utf8, wipe } from "./bytes.js";
import { seedLength } from "./otp.js";

/** @typedef {import("./call.js").Exchange} Exchange */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Bytes} Bytes */

/** @typedef {{seed: Bytes, deviceMac: string, gatewayMac: string}} Agreement */

const PREFIX = "doorward-authenticator/v1";
const CONFIRM_LENGTH = 32;

/**
 * What both sides have come to (PROTOCOL.md, Activation).
 * @param {CryptoKey} dh
 * @param {Account} account
 * @param {Exchange} begun
 * @returns {Promise<Agreement>}
 */
export async function agree(dh, account, { value, sent, received }) {
  const shared = await sharedSecret(dh, fromBase64url(value.pub_dh));
  const salt = concat(fromBase64url(JSON.parse(text(sent)).nonce), fromBase64url(value.nonce));
  const derive = (/** @type {string} */ what, /** @type {number} */ length) =>
    hkdf(shared, salt, utf8(`${PREFIX}/${what}\0${account.id}`), length);
  const seed = await derive("seed", seedLength(account.template.algorithm));
  const confirm = await derive("confirm", CONFIRM_LENGTH);
  const transcript = await sha256(concat(sent, received));
  const mac = async (/** @type {string} */ side) =>
    base64url(await hmac(confirm, concat(utf8(`${side}\0`), transcript)));
  const agreement = { seed, deviceMac: await mac("device"), gatewayMac: await mac("gateway") };
  [shared, confirm].forEach(wipe);
  return agreement;
}

/**
 * @param {CryptoKey} dh
 * @param {Bytes} theirs
 * @returns {Promise<Bytes>}
 */
async function sharedSecret(dh, theirs) {
  const key = await crypto.subtle.importKey("raw", theirs, { name: "ECDH", namedCurve: "P-256" }, false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: key }, dh, 256));
}
