// On an iPhone or iPad the app has to be on the home screen before anything is set up: it has a storage of its own
// there.

import { claim } from "../activation.js";
import { iosSteps } from "../install.js";
import { button, el, notice, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @param {import("../app.js").Params} params @returns {Screen} */
export function handoff(app, { ticket }) {
  startAddress(ticket);
  const here = () => claim(app, { ticket });
  const aside = el(
    "div",
    { class: "aside" },
    el("h2", null, app.t("handoff-here-title")),
    p(app.t("handoff-here")),
    button(app.t("handoff-here-button"), here, "small"),
  );
  return {
    title: app.t("handoff-title"),
    body: [
      p(app.t("handoff-text"), "lead"),
      iosSteps(app),
      notice({ title: app.t("handoff-then-title"), text: app.t("handoff-then") }),
      aside,
    ],
    alone: true,
  };
}

/**
 * The installed app begins at this address, and with it goes on where we are.
 * @param {import("../core/types.js").Ticket} ticket
 */
function startAddress(ticket) {
  const query = new URLSearchParams({ i: ticket.id, t: ticket.t });
  history.replaceState(history.state, "", `/a/?${query}`);
  document.getElementById("manifest")?.setAttribute("href", `/a/manifest.webmanifest?${query}`);
}
