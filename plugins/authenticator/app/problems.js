// What went wrong, in words, and what can be done about it. No error is the end of the way.

import { button, link } from "./ui.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").Account} Account */
/** @typedef {"activate"|"account"} Where */
/** @typedef {{title: string, text: string, code: string}} Explained */
/** @typedef {{title: string, text: string, ways: [string, () => unknown][]}} Problem */

/** Trying the same again may help. */
const PASSING = new Set([
  "offline",
  "unavailable",
  "too_many",
  "sequence",
  "clock",
  "aborted",
  "wrong_otp",
  "unexpected",
]);

/** @param {unknown} error @returns {string} */
export function codeOf(error) {
  const code = /** @type {{code?: unknown}} */ (error)?.code;
  return typeof code === "string" ? code : "unexpected";
}

/**
 * @param {App} app @param {unknown} error @param {Where} where
 * @returns {Explained}
 */
export function explain(app, error, where) {
  const code = codeOf(error);
  if (code === "unexpected") console.error(error);
  const names = [`problem-${where}-${code}`, `problem-${code}`, "problem-unexpected"];
  const name = names.find((each) => app.words.has(each)) ?? "problem-unexpected";
  const values = { code, allowed: allowedPlatforms(app, error) };
  return { title: app.t(`${name}-title`), text: app.t(name, values), code };
}

/** The platforms that are allowed, in words. @param {App} app @param {unknown} error */
function allowedPlatforms(app, error) {
  const allowed = /** @type {{detail?: {allowed?: unknown}}} */ (error)?.detail?.allowed;
  if (!Array.isArray(allowed)) return "-";
  const names = allowed.map((target) => `platform-${target}`).filter((key) => app.words.has(key));
  return names.map((key) => app.t(key)).join(", ") || "-";
}

/**
 * Shows a problem on a screen of its own.
 * @param {App} app @param {unknown} error @param {{where: Where, retry?: () => unknown}} about
 */
export function showProblem(app, error, { where, retry }) {
  const { title, text, code } = explain(app, error, where);
  /** @type {[string, () => unknown][]} */
  const ways = [];
  if (retry && PASSING.has(code)) ways.push([app.t("retry"), retry]);
  if (where === "activate" && !PASSING.has(code)) ways.push([app.t("scan-another"), () => app.step("scan")]);
  ways.push([app.t("to-start"), () => app.step("home")]);
  app.problem = { title, text, ways };
  return app.step("problem");
}

/** "Contact the help desk", where it is known how. @param {App} app @param {Account|null|undefined} account */
export function supportLink(app, account) {
  const address = account?.support;
  if (!address || !/^(https?:|mailto:|tel:)/i.test(address)) return null;
  return link(app.t("support"), address, "link");
}

/** @param {App} app @param {() => unknown} retry */
export const retryButton = (app, retry) => button(app.t("retry"), retry, "small");
