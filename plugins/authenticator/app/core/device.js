/** What the device tells of itself, as far as browsers let it. */

/** @typedef {import("./types.js").Device} Device */
/** @typedef {Device["os"]} Os */
/** @typedef {Device["form"]} Form */

/**
 * What is looked at. Client hints stand where there are some.
 * @typedef {Object} Navigation
 * @property {string} userAgent
 * @property {number} [maxTouchPoints]
 * @property {boolean} [standalone]
 * @property {unknown} [serviceWorker]
 * @property {{platform: string, mobile: boolean}} [userAgentData]
 */

/** In order: the first that fits names the system. Android says Linux as well, an iPhone Mac OS X. */
const SYSTEMS = /** @type {[RegExp, Os][]} */ ([
  [/iPhone|iPad|iPod/, "ios"],
  [/Android/, "android"],
  [/CrOS/, "other"],
  [/Windows/, "windows"],
  [/Macintosh|Mac OS X/, "macos"],
  [/Linux/, "linux"],
]);

/** In order: most browsers say that they are Chrome and Safari too. */
const BROWSERS = /** @type {[RegExp, string][]} */ ([
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\/|OPT\//, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\/|Chromium\//, "Chrome"],
  [/Safari\/|AppleWebKit\//, "Safari"],
]);

const NAMES = /** @type {Record<Os, Record<Form, string>>} */ ({
  ios: { phone: "iPhone", tablet: "iPad", desktop: "Apple" },
  android: { phone: "Android phone", tablet: "Android tablet", desktop: "Android" },
  windows: { phone: "Windows phone", tablet: "Windows tablet", desktop: "Windows" },
  macos: { phone: "Mac", tablet: "Mac", desktop: "Mac" },
  linux: { phone: "Linux phone", tablet: "Linux tablet", desktop: "Linux" },
  other: { phone: "Phone", tablet: "Tablet", desktop: "Computer" },
});

/** How an installed app may be shown. */
const INSTALLED = ["standalone", "minimal-ui", "window-controls-overlay"];

/**
 * @param {Navigation} navigator
 * @param {(query: string) => {matches: boolean}} matchMedia
 * @param {{push?: boolean, biometric?: boolean}} [abilities] those that were looked into
 * @returns {Device}
 */
export function describe(navigator, matchMedia, { push = false, biometric = false } = {}) {
  const os = systemOf(navigator);
  const form = formOf(navigator, os);
  const name = `${NAMES[os][form]}, ${browserOf(navigator)}`;
  return { os, form, name, installed: isInstalled(navigator, matchMedia), push, biometric };
}

/**
 * @param {Navigation} navigator
 * @returns {Os}
 */
function systemOf(navigator) {
  const told = first(SYSTEMS, navigator.userAgent) ?? "other";
  // An iPad says that it is a Mac; no Mac has a screen for fingers.
  return told === "macos" && (navigator.maxTouchPoints ?? 0) > 1 ? "ios" : told;
}

/**
 * @param {Navigation} navigator
 * @param {Os} os
 * @returns {Form}
 */
function formOf({ userAgent, userAgentData }, os) {
  if (os === "ios") return /iPhone|iPod/.test(userAgent) ? "phone" : "tablet";
  const mobile = userAgentData?.mobile ?? /Mobi/.test(userAgent);
  if (os === "android") return mobile ? "phone" : "tablet";
  return /Windows Phone|Mobi/.test(userAgent) ? "phone" : "desktop";
}

/** @param {Navigation} navigator */
const browserOf = ({ userAgent }) => first(BROWSERS, userAgent) ?? "browser";

/**
 * @param {Navigation} navigator
 * @param {(query: string) => {matches: boolean}} matchMedia
 */
function isInstalled(navigator, matchMedia) {
  const shown = INSTALLED.some((mode) => matchMedia(`(display-mode: ${mode})`).matches);
  return shown || navigator.standalone === true;
}

/**
 * @template T
 * @param {[RegExp, T][]} table
 * @param {string} text
 */
const first = (table, text) => table.find(([pattern]) => pattern.test(text))?.[1];
