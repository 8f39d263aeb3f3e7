// What pages gain with script; every one of them works without. Nothing here decides anything.
"use strict";

const all = (selector) => Array.from(document.querySelectorAll(selector));

/** Focus: the notice of an error, the first page's field, or else the heading of the new step. */
function focusStart() {
  const start = document.querySelector("[data-focus]") ?? document.getElementById("heading");
  start?.focus({ preventScroll: true });
}

/** Times are written in UTC; here they become the reader's own. */
function localTimes(root) {
  const page = document.documentElement.lang;
  const language = navigator.languages.find((tag) => tag.split("-")[0] === page) ?? page; // en-GB tells 14:32, en-US 2:32 PM
  const clock = { timeStyle: "short", numberingSystem: "latn" };
  const moment = { dateStyle: "medium", timeStyle: "short", numberingSystem: "latn" };
  const day = { dateStyle: "medium", timeZone: "UTC", numberingSystem: "latn" }; // a day in UTC is that day everywhere
  const forms = { clock, moment, day };
  for (const time of root.querySelectorAll("time[data-local]")) {
    const form = forms[time.dataset.local] ?? moment;
    time.textContent = new Intl.DateTimeFormat(language, form).format(new Date(time.dateTime));
    time.removeAttribute("dir");
    time.removeAttribute("data-local");
  }
}

/** "Show" beside the password. */
function revealButtons() {
  for (const button of all("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    const show = button.textContent;
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.textContent = shown ? button.dataset.hide : show;
    });
    field.form.addEventListener("submit", () => { field.type = "password"; });
  }
}

/** "Copy" beside the key; what came of it is announced. */
function copyButtons() {
  for (const button of all("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    const status = document.getElementById(`${button.dataset.copy}-status`);
    button.hidden = false;
    button.addEventListener("click", async () => {
      status.textContent = "";
      try {
        await navigator.clipboard.writeText(source.textContent.replaceAll(" ", ""));
        status.textContent = button.dataset.copied;
      } catch {
        getSelection()?.selectAllChildren(source);
        status.textContent = button.dataset.failed;
      }
    });
  }
}

/** "Send a new code": not before the server would; the countdown is seen, its end is announced once. */
function resendCountdown() {
  for (const button of all("[data-ready-in]")) {
    const countdown = button.form.querySelector("[data-countdown]");
    const ready = button.form.querySelector("[data-ready]");
    const readyAt = performance.now() + Number(button.dataset.readyIn) * 1000;
    if (!(readyAt > performance.now())) continue;
    button.disabled = true;
    countdown.hidden = false;
    const tick = () => {
      const left = Math.ceil((readyAt - performance.now()) / 1000);
      if (left > 0) {
        const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
        countdown.textContent = countdown.dataset.countdown.replace("{time}", time);
        setTimeout(tick, 1000);
      } else {
        button.disabled = false;
        countdown.hidden = true;
        ready.textContent = ready.dataset.ready;
      }
    };
    tick();
  }
}

/** What ends by itself, counted down beside its time. The words with the time stay; only they are read out. */
function endCountdown(root) {
  for (const counter of root.querySelectorAll("[data-ends-in]")) {
    const endsAt = performance.now() + Number(counter.dataset.endsIn) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
      const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      counter.textContent = counter.dataset.countdown.replace("{time}", time);
      counter.hidden = false;
      if (left > 0 && counter.isConnected) setTimeout(tick, 1000);
    };
    tick();
  }
}

/** A form that needs nobody: it is sent once what it says has been announced. */
function submitAlone(root) {
  for (const form of root.querySelectorAll("form[data-auto-submit-once]")) {
    setTimeout(() => { if (form.isConnected && !form.dataset.sent) form.requestSubmit(); }, 1500);
  }
}

const FAST_POLLS = 60; // so many at the page's own pace, then every five seconds
const LOST_AFTER = 3;

/** A page that waits for something asks again, and says so when it is there. What has been typed stays. */
function pollLive() {
  const live = document.querySelector("[data-poll]");
  if (!live) return;
  const lost = document.querySelector("[data-lost]");
  let polls = 0;
  let failed = 0;
  const again = () => {
    const pace = Number(live.dataset.poll);
    setTimeout(look, (polls++ < FAST_POLLS ? pace : Math.max(pace, 5)) * 1000);
  };
  const look = async () => {
    if (document.hidden) return again();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.status >= 500) throw new Error(`status ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      failed = 0;
      if (lost) lost.textContent = "";
      const fresh = page.querySelector("[data-live]");
      if (fresh?.id !== live.id) return isTyping() ? again() : location.reload();
      if (fresh.dataset.live !== live.dataset.live) show(fresh);
      if (live.dataset.poll) again();
    } catch {
      if (++failed === LOST_AFTER && lost) lost.textContent = lost.dataset.lost;
      again();
    }
  };
  const show = (fresh) => {
    localTimes(fresh);
    live.replaceChildren(...fresh.childNodes);
    live.dataset.live = fresh.dataset.live;
    if (fresh.dataset.poll) live.dataset.poll = fresh.dataset.poll;
    else delete live.dataset.poll;
    endCountdown(live);
    submitAlone(live);
    // What had the focus may be gone with the stage that it belonged to.
    if (document.activeElement?.checkVisibility?.() === false) document.getElementById("heading")?.focus();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) polls = 0;
  });
  again();
}

/** A field offers the names that begin with what is typed in it, also where there are more than a page can list. */
function suggestNames() {
  for (const field of all("input[data-suggests]")) {
    let waits;
    let asked = "";
    const look = async () => {
      const typed = field.value.trim();
      if (!typed || typed === asked) return;
      asked = typed;
      const answer = await fetch(`${field.dataset.suggests}?q=${encodeURIComponent(typed)}`).catch(() => undefined);
      if (!answer?.ok || field.value.trim() !== typed) return;
      const names = await answer.json().catch(() => []);
      field.list?.replaceChildren(...names.map((name) => new Option("", name)));
    };
    field.addEventListener("input", () => {
      clearTimeout(waits);
      waits = setTimeout(look, 200);
    });
  }
}

/** A page is not taken away from somebody who is typing a passcode. */
function isTyping() {
  return all("input[type=text], input[type=password]").some((field) => field === document.activeElement && field.value);
}

/** The language changes as soon as it is chosen with a pointer; with the keyboard one may look through the list first. */
function languageSelector() {
  for (const select of all("[data-auto-submit]")) {
    const button = select.form.querySelector("button");
    let keys = false;
    button.hidden = true;
    select.addEventListener("keydown", () => { keys = true; });
    select.addEventListener("pointerdown", () => { keys = false; });
    select.addEventListener("change", () => {
      if (keys) button.hidden = false;
      else select.form.requestSubmit();
    });
    select.form.addEventListener("submit", keepTyped);
  }
}

const KEPT = "doorward-kept";

/** What has been typed outlives a change of language. Never a password or a passcode: those fields are not marked. */
function keepTyped() {
  const kept = all("[data-keep]").map((field) => [field.id, field.value, field.checked]);
  sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, kept }));
}

function restoreTyped() {
  const stored = sessionStorage.getItem(KEPT);
  if (!stored) return;
  sessionStorage.removeItem(KEPT);
  const { path, kept } = JSON.parse(stored);
  if (path !== location.pathname) return;
  for (const [id, value, checked] of kept) {
    const field = document.getElementById(id);
    if (!field?.matches("[data-keep]")) continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = checked;
    else field.value = value;
  }
}

/** Two clicks are one: the second would only meet a step that is over. */
function submitOnce() {
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000); // the answer never came: let people try again
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) all("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
}

const BEGINNINGS =
  [submitOnce, languageSelector, restoreTyped, revealButtons, copyButtons, resendCountdown, pollLive, suggestNames];
for (const begin of BEGINNINGS) {
  try {
    begin();
  } catch (error) {
    console.error(error); // one gain less; the page still works
  }
}
localTimes(document);
endCountdown(document);
submitAlone(document);
focusStart();
