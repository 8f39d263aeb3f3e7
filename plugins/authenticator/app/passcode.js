// A passcode on the screen: for half a minute, and only while somebody looks.

import { nextPasscode, wipe } from "./core/index.js";
import { button, el, grouped, p, svg } from "./ui.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").Account} Account */
/** @typedef {import("./core/types.js").Bytes} Bytes */

/** So long a passcode can be seen, in seconds. */
const SEEN = 30;

/** From so many seconds on it may be too late to type it. */
const SOON = 5;

/**
 * Shows passcodes of an opened account in `place`, until the time is over or `close` is called; the seed is wiped then.
 * @param {App} app
 * @param {Account} account
 * @param {Bytes} seed
 * @param {{place: HTMLElement, challenge?: string, closed: () => void}} what
 */
export async function showPasscode(app, account, seed, { place, challenge, closed }) {
  const { template } = account;
  const byEvent = template.mode === "quick_log" && template.event;
  const opened = performance.now();
  let open = true;
  let ends = opened + SEEN * 1000;
  /** @type {{passcode: string, validUntil: number|null}|null} */
  let current = null;

  const close = () => {
    if (!open) return;
    open = false;
    wipe(seed);
    place.replaceChildren();
    closed();
  };

  const code = el("p", {
    class: template.digits > 6 ? "passcode long" : "passcode",
    dir: "ltr",
    tabindex: -1,
    translate: "no",
  });
  const ring = makeRing();
  const words = el("span");
  const copied = p("", "hint");
  copied.setAttribute("role", "status");
  const copy = button(app.t("copy"), () => copyOf(app, current?.passcode ?? "", copied), "small");
  const another = byEvent ? button(app.t("passcode-next"), () => renew().then(() => code.focus()), "small") : null;
  const hide = button(app.t("passcode-hide"), close, "small");

  const renew = async () => {
    current = await nextPasscode(app.caller, account, seed, { challenge });
    code.replaceChildren(...grouped(current.passcode));
    code.setAttribute("aria-label", app.t("passcode-said", { digits: [...current.passcode].join(" ") }));
    code.setAttribute("role", "group");
    copied.textContent = "";
    if (byEvent) ends = performance.now() + SEEN * 1000;
  };

  const tick = async () => {
    if (!open) return;
    const left = (ends - performance.now()) / 1000;
    if (left <= 0) return close();
    const valid = current?.validUntil ? current.validUntil - Date.now() / 1000 : null;
    if (valid !== null && valid <= 0) await renew();
    const changes = valid !== null && valid > 0 && valid < left;
    const seconds = changes ? valid : left;
    ring.set(seconds / (changes ? (template.period ?? SEEN) : SEEN), seconds <= SOON);
    words.textContent = app.t(changes ? "passcode-changes" : "passcode-vanishes", { seconds: Math.ceil(seconds) });
    setTimeout(tick, 250);
  };

  try {
    await renew();
  } catch (error) {
    wipe(seed);
    throw error;
  }
  const remaining = el("p", { class: "remaining" }, ring.node, words);
  const ways = el("div", { class: "actions" }, copy, another, hide);
  const serverPin = template.pin.type === "server_side" ? p(app.t("passcode-server-pin"), "hint") : null;
  place.replaceChildren(
    el("div", { class: "showing" }, code, remaining, ways, copied),
    ...(serverPin ? [serverPin] : []),
  );
  code.focus({ preventScroll: true });
  tick();
  if (document.hidden) close();
  return close;
}

/** @param {App} app @param {string} passcode @param {HTMLElement} said */
async function copyOf(app, passcode, said) {
  try {
    await navigator.clipboard.writeText(passcode);
    said.textContent = app.t("copied");
  } catch {
    said.textContent = app.t("copy-failed");
  }
}

function makeRing() {
  const radius = 14;
  const round = 2 * Math.PI * radius;
  const circle = { cx: 16, cy: 16, r: radius };
  const left = svg("circle", { ...circle, class: "left", "stroke-dasharray": round, "stroke-dashoffset": 0 });
  const node = svg("svg", { class: "ring", viewBox: "0 0 32 32", "aria-hidden": "true" }, svg("circle", circle), left);
  /** @param {number} share @param {boolean} soon */
  const set = (share, soon) => {
    left.setAttribute("stroke-dashoffset", String(round * (1 - Math.min(1, Math.max(0, share)))));
    node.setAttribute("class", soon ? "ring soon" : "ring");
  };
  return { node, set };
}
