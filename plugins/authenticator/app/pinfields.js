// The fields of a PIN: one to type it, and two to choose another.

import { checkPin, pinRules } from "./core/index.js";
import { button, el, field } from "./ui.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").PinPolicy} PinPolicy */
/** @typedef {import("./core/types.js").PinFault} PinFault */

/** "Show" beside a PIN. @param {App} app @param {HTMLInputElement[]} inputs */
function reveal(app, inputs) {
  const shown = () => inputs[0].type === "text";
  const press = () => {
    const type = shown() ? "password" : "text";
    for (const input of inputs) input.type = type;
    toggle.textContent = app.t(shown() ? "pin-hide" : "pin-show");
  };
  const toggle = button(app.t("pin-show"), press, "small");
  return toggle;
}

/** "Use letters": a PIN of digits is typed on a keyboard of digits, but letters are permitted. @param {App} app
 * @param {HTMLInputElement[]} inputs */
function keyboardSwitch(app, inputs) {
  const numeric = () => inputs[0].inputMode === "numeric";
  const press = () => {
    const mode = numeric() ? "text" : "numeric";
    for (const input of inputs) input.inputMode = mode;
    toggle.textContent = app.t(numeric() ? "pin-letters" : "pin-digits");
    inputs[0].focus();
  };
  const toggle = button(app.t("pin-letters"), press, "link");
  return toggle;
}

/** @param {PinPolicy} policy */
const attributes = (policy) => ({
  inputmode: policy.complexity === "decimal" ? "numeric" : "text",
  autocapitalize: "none",
  autocorrect: "off",
  maxlength: 64,
});

/**
 * The PIN that one has.
 * @param {App} app @param {PinPolicy} policy @param {string} [label]
 */
export function presentPin(app, policy, label = app.t("pin-label")) {
  const typed = field({
    label,
    type: "password",
    look: "pin",
    attributes: attributes(policy),
    beside: (input) => reveal(app, [input]),
  });
  const letters = policy.complexity === "decimal" ? keyboardSwitch(app, [typed.input]) : null;
  if (letters) typed.node.append(letters);
  return typed;
}

/**
 * A PIN that one chooses: its rules, ticked while it is typed, and the PIN twice.
 * @param {App} app @param {PinPolicy} policy
 */
export function chosenPin(app, policy) {
  const rules = pinRules(policy);
  const values = { min: policy.min_length, max: policy.max_length };
  const marks = rules.map((rule) => mark(app, app.t(`pin-rule-${rule}`, values)));
  const list = el("ul", { class: "rules" }, ...marks.map(({ node }) => node));
  const first = field({
    label: app.t("pin-new"),
    type: "password",
    look: "pin",
    attributes: attributes(policy),
    beside: (input) => reveal(app, both(input)),
  });
  const again = field({ label: app.t("pin-again"), type: "password", look: "pin", attributes: attributes(policy) });
  /** @param {HTMLInputElement} input */
  function both(input) {
    const inputs = [input];
    queueMicrotask(() => inputs.push(again.input));
    return inputs;
  }
  const tick = () => {
    const pin = first.input.value;
    const faults = pin === "" ? rules : checkPin(policy, pin);
    rules.forEach((rule, index) => marks[index].set(!faults.includes(rule)));
  };
  first.input.addEventListener("input", tick);
  tick();
  const letters = policy.complexity === "decimal" ? keyboardSwitch(app, [first.input, again.input]) : null;

  /** The PIN, if nothing is wrong with it; what is wrong is told at the field. @returns {string|null} */
  const value = () => {
    const pin = first.input.value;
    const [fault] = checkPin(policy, pin);
    if (pin === "") first.fail(app.t("pin-fault-empty"));
    else if (fault) first.fail(app.t(`pin-fault-${fault}`, values));
    else if (again.input.value !== pin) again.fail(app.t("pin-fault-differs"));
    else return pin;
    return null;
  };
  if (letters) first.node.append(letters);
  const nodes = [list, first.node, again.node];
  return { nodes, value, first };
}

/** A rule with its tick; who does not see the tick hears it. @param {App} app @param {string} rule */
function mark(app, rule) {
  const said = el("span", { class: "unseen" });
  const node = el("li", null, rule, " ", said);
  /** @param {boolean} kept */
  const set = (kept) => {
    node.className = kept ? "kept" : "";
    said.textContent = app.t(kept ? "pin-rule-kept" : "pin-rule-not-yet");
  };
  return { node, set };
}
