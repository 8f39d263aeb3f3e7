/** Bytes and what WebCrypto makes of them. */

/** @typedef {import("./types.js").Bytes} Bytes */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** `String.fromCharCode` takes its characters as arguments; so many at a time are no burden anywhere. */
const CHUNK = 4096;

/**
 * @param {string} text
 * @returns {Bytes}
 */
export const utf8 = (text) => new Uint8Array(encoder.encode(text));

/** @param {Uint8Array} bytes */
export const text = (bytes) => decoder.decode(bytes);

/**
 * @param {...Uint8Array} parts
 * @returns {Bytes}
 */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

/** @param {Uint8Array} bytes */
export const base64url = (bytes) =>
  base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/**
 * Throws where the text is no base64url.
 * @param {string} encoded
 * @returns {Bytes}
 */
export function fromBase64url(encoded) {
  if (!/^[A-Za-z0-9_-]*$/.test(encoded)) throw new TypeError("not base64url");
  const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * @param {number} length
 * @returns {Bytes}
 */
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** @param {Uint8Array} bytes */
export const wipe = (bytes) => void bytes.fill(0);

/**
 * Whether two values are the same; how long this takes does not tell where they differ.
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export function same(one, other) {
  const differing = one.reduce((differs, byte, at) => differs | (byte ^ (other[at] ?? 0)), 0);
  return one.length === other.length && differing === 0;
}

/**
 * @param {Bytes} bytes
 * @returns {Promise<Bytes>}
 */
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/**
 * @param {Bytes} secret
 * @param {Bytes} message
 * @param {"SHA-1"|"SHA-256"|"SHA-512"} [hash]
 * @returns {Promise<Bytes>}
 */
export async function hmac(secret, message, hash = "SHA-256") {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

/**
 * HKDF-SHA-256 (RFC 5869).
 * @param {Bytes} secret
 * @param {Bytes} salt
 * @param {Bytes} info
 * @param {number} length bytes
 * @returns {Promise<Bytes>}
 */
export async function hkdf(secret, salt, info, length) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, length * 8);
  return new Uint8Array(bits);
}
