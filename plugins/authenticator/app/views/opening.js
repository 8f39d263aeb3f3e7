// The gateway is shown the code.

import { open } from "../activation.js";
import { p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen} */
export function opening(app) {
  queueMicrotask(() => open(app));
  const text = p(app.t("opening-text"), "busy");
  text.setAttribute("role", "status");
  return { title: app.t("opening-title"), body: [text], alone: true };
}
