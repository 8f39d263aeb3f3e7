// The camera: what stands on the portal's page is filmed, and read by the app.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import {
  APP, DEVICES, PIN, App, atTheWiki, enrolling, firstPasscode, installed, itIsMine, nothingFound, setUp, typePasscode,
} from './authenticator.mjs';
import { story, world } from './lib.mjs';

const WIDTH = 640;
const HEIGHT = 480;
const FILM = join(world.out, 'film.y4m');
const DESK = 96; // the grey of what lies around

await story(
  async (browser) => {
    const { page } = await enrolling(browser);
    await installed(page);
    const app = await App.on(browser, DEVICES.android);
    film([frame(await page.locator('h1').screenshot()), frame(await page.locator('.qr:visible').screenshot())]);
    await app.open(APP);
    await app.press('scan');
    await app.consent();
    await itIsMine(page, app);
    await setUp(app);
    await firstPasscode(page);
    await app.press('done-open');
    await typePasscode(page, await app.passcode(PIN));
    await atTheWiki(page);
    // Another code that is no activation is named, and the camera goes on looking.
    film([frame(await page.screenshot({ clip: { x: 0, y: 0, width: 300, height: 300 } }))]);
    await app.open(APP);
    await app.press('add-another');
    await app.at('scan-title');
    await app.page.locator('video').waitFor();
    await app.page.waitForFunction(() => document.querySelector('video').videoWidth > 0);
    await app.look.at('phone-camera');
    nothingFound(app.look);
  },
  ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${FILM}`],
);

/** A film that is shown again and again: YUV4MPEG2, 4:2:0, grey. */
function film(frames) {
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F5:1 Ip A1:1 C420jpeg\n`);
  const colours = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const parts = frames.flatMap((luma) => [Buffer.from('FRAME\n'), luma, colours]);
  writeFileSync(FILM, Buffer.concat([head, ...parts]));
}

/** The picture lies a little crooked on a grey desk, as large as it can be. */
function frame(picture) {
  const png = PNG.sync.read(picture);
  const luma = Buffer.alloc(WIDTH * HEIGHT, DESK);
  const scale = (0.85 * HEIGHT) / Math.max(png.width, png.height);
  const [sin, cos] = [Math.sin(0.06), Math.cos(0.06)];
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const [right, down] = [x - WIDTH / 2, y - HEIGHT / 2];
      const column = Math.round((right * cos + down * sin) / scale + png.width / 2);
      const line = Math.round((down * cos - right * sin) / scale + png.height / 2);
      if (column < 0 || line < 0 || column >= png.width || line >= png.height) continue;
      const at = (line * png.width + column) * 4;
      const [red, green, blue] = png.data.subarray(at, at + 3);
      luma[y * WIDTH + x] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    }
  }
  return luma;
}
