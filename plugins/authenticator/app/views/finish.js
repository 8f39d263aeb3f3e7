// Everything that was chosen is carried out, in one call.

import { abandon, progress } from "../activation.js";
import { freshSetup } from "../app.js";
import { explain } from "../problems.js";
import { button, el, notice, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** What ends an activation: there is nothing to try again. */
const ENDED = new Set([
  "expired",
  "already_used",
  "not_found",
  "gone",
  "not_allowed",
  "target_not_allowed",
  "wrong_mac",
  "suspended",
]);

/** @param {App} app @returns {Screen|Promise<Screen>} */
export function finish(app) {
  const { activation, setup } = app;
  if (!activation) return app.views.home(app, {});
  const place = el("div");

  const run = async () => {
    const busy = p(app.t("finish-busy"), "busy");
    busy.setAttribute("role", "status");
    place.replaceChildren(busy);
    await new Promise((wake) => setTimeout(wake, 60)); // the words are seen before the PIN is stretched
    try {
      const account = await carryOut();
      app.activation = null;
      app.setup = freshSetup();
      await app.loadAccounts();
      navigator.storage?.persist?.().catch(() => {}); // some browsers ask the user, who may take long
      await app.step("done", { id: account.id });
    } catch (error) {
      failed(error);
    }
  };
  const carryOut = () => {
    const { pin, bio, subscription } = setup;
    return activation.finish({
      pin: pin ?? undefined,
      bio: bio ?? undefined,
      subscription,
      pushWanted: setup.pushWanted ?? false,
    });
  };
  const failed = (/** @type {unknown} */ error) => {
    const { title, text, code } = explain(app, error, "activate");
    const again = ENDED.has(code) ? null : button(app.t("retry"), run, "primary");
    const away = button(app.t(again ? "cancel" : "to-start"), () => abandon(app));
    const told = notice({ title, text, error: true, actions: again ? [again, away] : [away] });
    place.replaceChildren(told);
    told.focus();
  };

  queueMicrotask(run);
  return { title: app.t("finish-title"), above: progress(app, "finish"), body: [place], alone: true };
}
