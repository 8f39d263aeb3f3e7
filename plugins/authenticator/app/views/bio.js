// A fingerprint or a face in place of the PIN?

import { registerBio } from "../core/index.js";
import { next, progress } from "../activation.js";
import { codeOf, explain } from "../problems.js";
import { actions, button, el, notice, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen|Promise<Screen>} */
export function bio(app) {
  const { activation } = app;
  if (!activation) return app.views.home(app, {});
  const said = el("div");
  const use = async () => {
    said.replaceChildren();
    try {
      app.setup.bio = await registerBio(app.caller, activation.account);
    } catch (error) {
      const away = codeOf(error) === "cancelled";
      const { title, text } = away
        ? { title: app.t("bio-cancelled-title"), text: app.t("bio-cancelled") }
        : explain(app, error, "activate");
      const told = notice({ title, text, error: true });
      said.replaceChildren(told);
      return told.focus();
    }
    return next(app, "bio");
  };
  const ways = actions(
    button(app.t("bio-allow"), use, "primary"),
    button(app.t("bio-not-now"), () => next(app, "bio")),
  );
  return {
    title: app.t("bio-title"),
    above: progress(app, "bio"),
    body: [p(app.t("bio-text")), p(app.t("bio-hint"), "hint"), said, ways],
    alone: true,
  };
}
