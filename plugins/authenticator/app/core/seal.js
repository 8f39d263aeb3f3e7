/**
 * How the seed lies on the device: under a random key, and that key under whatever opens it. What the browser calls
 * "not extractable" lies in clear on its disk, so `kStore` alone protects nothing from a thief of the disk; the PIN
 * does, since the gateway has half of it, and so does what the platform gives for a fingerprint or a face.
 */

import { concat, hkdf, random, utf8, wipe } from "./bytes.js";
import { CoreError } from "./error.js";

/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {import("./types.js").Wraps} Wraps */

/** @typedef {Pick<Account, "id"|"kStore"|"salt">} Safe */
/** @typedef {"pin"|"bio"} Opener */

const PREFIX = "doorward-authenticator/v1";
const KEY_LENGTH = 32;
const IV_LENGTH = 12;

/** @returns {Promise<CryptoKey>} */
export function newStoreKey() {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: KEY_LENGTH * 8 }, false, ["encrypt", "decrypt"]);
}

/**
 * Seals a seed for whoever can open it: by the PIN, and by fingerprint or face; without a PIN, whoever has the device.
 * @param {Safe} safe
 * @param {Bytes} seed
 * @param {{pin: Bytes|null, bio: Bytes|null}} secrets
 * @returns {Promise<{sealedSeed: Bytes, wraps: Wraps}>}
 */
export async function sealSeed(safe, seed, { pin, bio }) {
  const seedKey = random(KEY_LENGTH);
  try {
    const sealedSeed = await seal(await aesKey(seedKey), seed, label("seed", safe.id));
    /** @type {Wraps} */
    const wraps = pin ? { pin: await wrapFor(safe, "pin", pin, seedKey) } : { store: await wrapInStore(safe, seedKey) };
    if (bio) wraps.bio = await wrapFor(safe, "bio", bio, seedKey);
    return { sealedSeed, wraps };
  } finally {
    wipe(seedKey);
  }
}

/**
 * The seed, by its key.
 * @param {Account} account
 * @param {Bytes} seedKey
 */
export async function openSeed(account, seedKey) {
  if (!account.sealedSeed) throw new CoreError("damaged");
  return open(await aesKey(seedKey), account.sealedSeed, label("seed", account.id));
}

/**
 * The seed's key under a secret, and that under the device's own.
 * @param {Safe} safe
 * @param {Opener} opener
 * @param {Bytes} secret
 * @param {Bytes} seedKey
 */
export async function wrapFor(safe, opener, secret, seedKey) {
  const inner = await seal(await openerKey(safe, opener, secret), seedKey, label(opener, safe.id));
  return seal(safe.kStore, inner, label("store", safe.id));
}

/**
 * @param {Safe} safe
 * @param {Opener} opener
 * @param {Bytes} secret
 * @param {Bytes} wrap
 */
export async function unwrapFor(safe, opener, secret, wrap) {
  const inner = await open(safe.kStore, wrap, label("store", safe.id));
  return open(await openerKey(safe, opener, secret), inner, label(opener, safe.id));
}

/**
 * @param {Safe} safe
 * @param {Bytes} seedKey
 */
const wrapInStore = (safe, seedKey) => seal(safe.kStore, seedKey, label("store", safe.id));

/**
 * @param {Safe} safe
 * @param {Bytes} wrap
 */
export const unwrapFromStore = (safe, wrap) => open(safe.kStore, wrap, label("store", safe.id));

/**
 * @param {Safe} safe
 * @param {Opener} opener
 * @param {Bytes} secret
 */
async function openerKey(safe, opener, secret) {
  const raw = await hkdf(secret, safe.salt, label(`wrap/${opener}`, safe.id), KEY_LENGTH);
  try {
    return await aesKey(raw);
  } finally {
    wipe(raw);
  }
}

/**
 * @param {string} what
 * @param {string} id
 */
const label = (what, id) => utf8(`${PREFIX}/${what}\0${id}`);

/** @param {Bytes} raw */
const aesKey = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

/**
 * @param {CryptoKey} key
 * @param {Bytes} plain
 * @param {Bytes} about bound to it
 */
async function seal(key, plain, about) {
  const iv = random(IV_LENGTH);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: about }, key, plain);
  return concat(iv, new Uint8Array(sealed));
}

/**
 * @param {CryptoKey} key
 * @param {Bytes} sealed
 * @param {Bytes} about
 * @returns {Promise<Bytes>}
 */
async function open(key, sealed, about) {
  const iv = sealed.slice(0, IV_LENGTH);
  try {
    const params = { name: "AES-GCM", iv, additionalData: about };
    return new Uint8Array(await crypto.subtle.decrypt(params, key, sealed.slice(IV_LENGTH)));
  } catch (cause) {
    throw new CoreError("damaged", {}, cause);
  }
}
