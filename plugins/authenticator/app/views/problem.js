// Something went wrong, and what is to be done about it.

import { actions, button, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen|Promise<Screen>} */
export function problem(app) {
  const { problem: told } = app;
  if (!told) return app.views.home(app, {});
  const ways = told.ways.map(([text, press], index) => button(text, press, index === 0 ? "primary" : "secondary"));
  return { title: told.title, body: [p(told.text), actions(...ways)], alone: true };
}
