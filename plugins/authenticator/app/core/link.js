/** What brings an activation here: a link, scanned or followed, or a code that is typed. */

/** @typedef {import("./types.js").Reading} Reading */

/** The version that this app speaks. */
export const VERSION = 1;

const APP_PATH = "/a/";
/** 32 bytes in base64url. */
const TICKET = /^[A-Za-z0-9_-]{43}$/;
/** Crockford's letters and digits: no I, L, O and U. */
const CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/;

/**
 * What was scanned, followed or typed.
 * @param {string} input
 * @param {string} origin our own
 * @returns {Reading}
 */
export function readLink(input, origin) {
  const trimmed = input.trim();
  if (/^https?:|^\//i.test(trimmed)) return readUrl(trimmed, origin);
  const code = readCode(trimmed);
  return code === null ? { kind: "refused", reason: "no_code" } : { kind: "code", code };
}

/**
 * A typed code as it is sent: letters that look like digits are taken for them, hyphens and spaces for nothing.
 * @param {string} input
 * @returns {string|null}
 */
export function readCode(input) {
  const plain = input.replace(/[\s\u2010-\u2015-]/g, "").toUpperCase();
  const code = plain.replace(/O/g, "0").replace(/[IL]/g, "1");
  return CODE.test(code) ? code : null;
}

/**
 * @param {string} input
 * @param {string} origin
 * @returns {Reading}
 */
function readUrl(input, origin) {
  const url = parsed(input, origin);
  if (!url) return { kind: "refused", reason: "no_code" };
  if (url.origin !== origin) return { kind: "refused", reason: "other_origin" };
  const given = new URLSearchParams(url.hash ? url.hash.slice(1) : url.search);
  const version = given.get("v") ?? (url.hash ? null : String(VERSION));
  if (version !== null && version !== String(VERSION)) return { kind: "refused", reason: "other_version" };
  const [id, t] = [given.get("i") ?? "", given.get("t") ?? ""];
  const complete = version !== null && url.pathname === APP_PATH && id !== "" && TICKET.test(t);
  return complete ? { kind: "ticket", ticket: { id, t } } : { kind: "refused", reason: "incomplete" };
}

/**
 * @param {string} input
 * @param {string} origin
 */
function parsed(input, origin) {
  try {
    return new URL(input, origin);
  } catch {
    return null;
  }
}
