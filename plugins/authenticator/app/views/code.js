// The code, typed by hand.

import { readCode, readLink } from "../core/index.js";
import { claim } from "../activation.js";
import { actions, button, field, form, p, submit } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen} */
export function code(app) {
  const user = field({
    label: app.t("code-user"),
    hint: app.t("code-user-hint"),
    attributes: { autocapitalize: "none", maxlength: 256, autocomplete: "username" },
  });
  const typed = field({
    label: app.t("code-label"),
    hint: app.t("code-hint"),
    look: "code",
    attributes: { autocapitalize: "characters", maxlength: 400, dir: "ltr", placeholder: "XXXX-XXXX-XXXX" },
  });
  const send = () => {
    const link = readLink(typed.input.value, app.caller.origin);
    // The whole link was pasted: it says who, too.
    if (link.kind === "ticket") return claim(app, { ticket: link.ticket });
    const name = user.input.value.trim();
    const read = readCode(typed.input.value);
    if (name === "") return user.fail(app.t("code-user-empty"));
    if (typed.input.value.trim() === "") return typed.fail(app.t("code-empty"));
    if (!read) return typed.fail(app.t("code-wrong"));
    return claim(app, { user: name, code: read });
  };
  const scan = button(app.t("scan-instead"), () => app.go("scan", {}, { replace: true }));
  return {
    title: app.t("code-title"),
    body: [p(app.t("code-text")), form(send, user.node, typed.node, actions(submit(app.t("continue")), scan))],
    back: () => app.step("home"),
  };
}
