// The camera, until it has seen a QR code that somebody can use.

import { decode } from "./core/index.js";
import { button, el, notice, p } from "./ui.js";

/** @typedef {import("./app.js").App} App */

/** A look at the picture so often, in milliseconds. */
const EVERY = 150;

/** Pictures are made smaller: a code that fills a third of them is still read. */
const WIDEST = 800;

/**
 * A part of a screen with what the camera sees. `seen` is told each text that was read, and says whether it is done
 * with.
 * @param {App} app
 * @param {{seen: (text: string) => boolean, otherwise?: Node[]}} what
 */
export function camera(app, { seen, otherwise = [] }) {
  const video = el("video", { playsinline: true, muted: true, "aria-label": app.t("camera-label") });
  const place = el("div", { class: "scanner" });
  const canvas = el("canvas");
  /** @type {MediaStream|null} */
  let stream = null;
  let stopped = false;

  const stop = () => {
    stopped = true;
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  };

  const begin = async () => {
    place.replaceChildren(p(app.t("camera-starting"), "busy"));
    stopped = false;
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no camera", "NotFoundError");
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    } catch (error) {
      if (!stopped) place.replaceChildren(refused(app, error, begin));
      return;
    }
    if (stopped) return stop();
    video.srcObject = stream;
    place.replaceChildren(el("div", { class: "camera" }, video));
    await video.play().catch(() => {});
    look();
  };

  const look = async () => {
    if (stopped) return;
    const text = await read(video, video.videoWidth, video.videoHeight, canvas);
    if (stopped) return;
    if (text && seen(text)) return stop();
    setTimeout(look, EVERY);
  };

  const fromFile = async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    const picture = await createImageBitmap(file).catch(() => null);
    const text = picture && (await read(picture, picture.width, picture.height, canvas));
    if (text && seen(text)) return stop();
    if (!text)
      said.replaceChildren(
        notice({ title: app.t("picture-nothing-title"), text: app.t("picture-nothing"), error: true }),
      );
  };

  const said = el("div");
  const picture = el(
    "label",
    { class: "button secondary picture" },
    app.t("picture"),
    el("input", { type: "file", accept: "image/*", change: fromFile }),
  );
  const node = el("div", null, said, place, el("div", { class: "actions" }, picture, ...otherwise));
  return { node, begin, stop };
}

/**
 * @param {CanvasImageSource} source @param {number} width @param {number} height @param {HTMLCanvasElement} canvas
 * @returns {Promise<string|null>}
 */
async function read(source, width, height, canvas) {
  if (width === 0 || height === 0) return null;
  const scale = Math.min(1, WIDEST / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return decode(context.getImageData(0, 0, canvas.width, canvas.height)).catch(() => null);
}

/** @param {App} app @param {unknown} error @param {() => unknown} retry */
function refused(app, error, retry) {
  const name = error instanceof DOMException ? error.name : "";
  const reason = { NotAllowedError: "denied", NotFoundError: "none", OverconstrainedError: "none" }[name] ?? "failed";
  return notice({
    title: app.t(`camera-${reason}-title`),
    text: app.t(`camera-${reason}`),
    error: true,
    actions: reason === "none" ? [] : [button(app.t("retry"), retry, "small")],
  });
}
