// What the browser stories share: a real Chromium, the demo's mailbox, an independent token, and a look at each page.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import jsQR from 'jsqr';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** The world as the Rust side describes it: ports, passwords, where screenshots go. */
export const world = JSON.parse(process.argv[2] ?? '{}');
export const url = (host, path = '/') => `http://${host}.localhost:${world.port}${path}`;

export function check(holds, what) {
  if (!holds) throw new Error(what);
}

export async function openBrowser() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  check(executablePath, 'Chromium is installed (make test does so)');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

export async function mails() {
  const answer = await fetch(`http://127.0.0.1:${world.console}/mailbox.json`);
  check(answer.ok, 'the mailbox answers');
  return answer.json();
}

/** The newest code mailed to an address, not one seen before. */
export async function codeFor(address, seen = new Set()) {
  for (let tries = 0; tries < 100; tries += 1) {
    const mail = (await mails()).find((m) => m.to === address && !seen.has(m.at + m.text));
    const code = mail?.text.split('\n').map((l) => l.trim()).find((l) => /^\d{6}$/.test(l));
    if (code) {
      seen.add(mail.at + mail.text);
      return code;
    }
    await new Promise((wake) => setTimeout(wake, 100));
  }
  throw new Error(`no code for ${address}`);
}

export const passcode = (secret) => execFileSync('oathtool', ['--totp', '-b', secret]).toString().trim();

export const secretOf = (uri) => new URL(uri).searchParams.get('secret');

/** What a camera sees of an element. */
export async function scan(locator) {
  const png = PNG.sync.read(await locator.screenshot());
  const seen = jsQR(new Uint8ClampedArray(png.data), png.width, png.height);
  check(seen, 'the QR code can be read from the screen');
  return seen.data;
}

/** Looks at a page: a screenshot, one heading, no sideways scrolling, nothing blocked by the content security policy. */
export class Look {
  constructor(page, { axe = true } = {}) {
    this.page = page;
    this.axe = axe;
    this.problems = [];
    this.shots = [];
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.problems.push(`script: ${error.message}`));
  }

  async at(name, { sizes = [], schemes = [] } = {}) {
    const here = this.page.viewportSize();
    for (const scheme of schemes.length ? schemes : [null]) {
      if (scheme) await this.page.emulateMedia({ colorScheme: scheme });
      for (const width of sizes.length ? sizes : [here.width]) {
        if (width !== here.width || sizes.length) await this.page.setViewportSize({ width, height: here.height });
        await this.once([name, scheme, sizes.length ? width : null].filter(Boolean).join('-'));
      }
    }
  }

  async once(name) {
    mkdirSync(world.out, { recursive: true });
    const path = join(world.out, `${name}.png`);
    await this.page.screenshot({ path, fullPage: true });
    this.shots.push(path);
    const headings = await this.page.locator('h1').count();
    if (headings !== 1) this.problems.push(`${name}: ${headings} first-level headings`);
    if (!this.axe) return;
    const [wide, seen] = await this.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    if (wide > seen) this.problems.push(`${name}: ${wide} px wide on a screen of ${seen}`);
    await this.page.evaluate(axeSource);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document));
    for (const violation of violations) {
      this.problems.push(`${name}: axe ${violation.id}: ${violation.nodes.map((n) => n.target.join(' ')).join(', ')}`);
    }
  }

  done() {
    if (this.problems.length) throw new Error(this.problems.join('\n'));
  }
}

export async function story(tell) {
  const browser = await openBrowser();
  try {
    await tell(browser);
    console.log('told');
  } finally {
    await browser.close();
  }
}
