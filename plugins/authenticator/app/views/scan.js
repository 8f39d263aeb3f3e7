// The camera looks for the QR code of an activation.

import { readLink } from "../core/index.js";
import { camera } from "../camera.js";
import { claim } from "../activation.js";
import { button, el, notice, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen} */
export function scan(app) {
  const said = el("div");
  let last = "";
  const seen = (/** @type {string} */ text) => {
    const reading = readLink(text, app.caller.origin);
    if (reading.kind === "ticket") {
      claim(app, { ticket: reading.ticket });
      return true;
    }
    const reason = reading.kind === "refused" ? reading.reason : "incomplete";
    if (last !== reason)
      said.replaceChildren(
        notice({ title: app.t("scan-refused-title"), text: app.t(`scan-refused-${reason}`), error: true }),
      );
    last = reason;
    return false;
  };
  const type = button(app.t("type-code"), () => app.go("code", {}, { replace: true }));
  const view = camera(app, { seen, otherwise: [type] });
  view.begin();
  return {
    title: app.t("scan-title"),
    body: [p(app.t("scan-text")), said, view.node],
    back: () => app.step("home"),
    leave: view.stop,
    hide: view.stop,
  };
}
