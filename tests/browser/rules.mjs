// Enrolment rules and a look of one's own, as a phone in the light and a computer in the dark show them; then the user's own pages.
import { execFileSync } from 'node:child_process';
import {
  Look, asFarAsThePassword, check, choose, codeFor, passcode, press, same, secretOnPage, send, story, url,
  world,
} from './lib.mjs';

const options = { locale: world.language, reducedMotion: 'reduce' };
const WIKI = url('wiki', '/page');
const SIZES = [['light', 390], ['dark', 1280]];
const TEAL = '#0f766e';

/** What operators do elsewhere. */
function sql(statement) {
  execFileSync('sqlite3', ['-cmd', '.timeout 5000', world.database, statement]);
}

let versions = 0;

function set(kind, document) {
  versions += 1;
  const body = JSON.stringify(document).replaceAll("'", "''");
  sql(`insert into setting (virtual_server, kind, body, version, changed_at) values ('default', '${kind}', '${body}', ${versions}, 0)
    on conflict (virtual_server, kind) do update set body = excluded.body, version = excluded.version`);
}

const day = (ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);

function rule(proof) {
  const all = { name: 'Everybody', groups: [], percentage: 100, starts_on: null, deadline: day(3), proof: { kind: proof }, probation_hours: 0 };
  set('enrolment_rules', { rules: [all] });
}

await story(async (browser) => {
  const looks = [];
  const someone = async () => {
    const page = await (await browser.newContext(options)).newPage();
    const look = new Look(page);
    looks.push(look);
    return { page, look, at: (name) => everywhere(page, look, name) };
  };
  await putOff(await someone());
  const secret = await approved(await someone());
  await helpDesk(await someone());
  await own(await someone(), secret);
  await dressed(await someone());
  const problems = looks.flatMap((look) => look.problems);
  check(problems.length === 0, problems.join('\n'));
});

async function everywhere(page, look, name) {
  same(await page.getAttribute('html', 'lang'), world.language, `${name}: language`);
  for (const [colorScheme, width] of SIZES) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await look.stands(`${name} ${colorScheme} ${width}`);
    await look.shot(`${name}-${colorScheme}-${width}`);
  }
}

/** alice puts it off, and is on her page all the same. */
async function putOff({ page, at }) {
  rule('none');
  await asFarAsThePassword(page, 'alice', WIKI);
  await at('w1-later');
  await press(page, 'button[form=later]');
  same(page.url(), WIKI, 'in, without an authenticator');
}

/** alice asks for an approval, is refused, approved, and enrols. */
async function approved({ page, at }) {
  rule('operator_approval');
  await asFarAsThePassword(page, 'alice', WIKI);
  await press(page, '[name=add_authenticator]');
  await send(page, 'verification_code', await codeFor('alice'));
  await at('approval');
  await press(page, 'form[action="/enrol/ask-approval"] button');
  await at('approval-asked');
  sql("update enrolment_grant set state = 'refused'");
  await page.reload();
  await at('approval-refused');
  sql("update enrolment_grant set state = 'approved'");
  await page.reload();
  await at('approval-approved');
  await press(page, 'form[action="/enrol/go-on"] button');
  await choose(page, 'mobile');
  await choose(page, 'android');
  const secret = await secretOnPage(page);
  await press(page, '[name=continue]');
  await send(page, 'otp', passcode(secret));
  await page.waitForURL(WIKI);
  return secret;
}

/** bob types codes that nobody gave him. */
async function helpDesk({ page, at }) {
  rule('help_desk_code');
  await asFarAsThePassword(page, 'bob', WIKI);
  await press(page, '[name=add_authenticator]');
  await send(page, 'verification_code', await codeFor('bob'));
  await at('help-desk-code');
  await press(page, 'form[action="/enrol/help-desk-code"] button');
  await at('help-desk-code-empty');
  await send(page, 'code', 'AAAA-AAAA');
  await at('help-desk-code-over');
  check(await page.isVisible('[role=alert]'), 'the page says that there is no such code');
}

/** alice looks after her authenticator. */
async function own({ page, look, at }, secret) {
  look.expect(422);
  await asFarAsThePassword(page, 'alice', url('intranet'));
  await page.goto(url('login', '/authenticators'));
  await at('own');
  await press(page, '.tokens a');
  for (const task of await page.locator('details').all()) await task.evaluate((details) => { details.open = true; });
  await at('own-token');
  await send(page, 'label', 'My phone');
  await at('own-token-renamed');
  await page.locator('details:has(#test-otp) summary').click();
  await send(page, 'otp', passcode(secret, { seconds: -3600 }));
  await at('own-token-wrong');
  await press(page, 'a[href$="/lost"]');
  await at('own-lost');
  await page.goto(url('login', '/sign-out-everywhere'));
  await at('own-sign-out');
  await press(page, 'form[action="/sign-out-everywhere"] button');
  await at('own-signed-out');
}

/** The portal in a company's own colours and words. */
async function dressed({ page, at }) {
  const words = { [world.language]: { 'need-submit': 'Get my key' } };
  const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
  rule('none');
  set('appearance', {
    product_name: 'Harbour Pass', accent: TEAL, logo: { media_type: 'image/png', data: dot }, support: 'Call 7007',
    support_url: null, languages: [world.language], default_language: world.language, texts: words,
  });
  await page.goto(WIKI);
  await at('dressed-name');
  same(await page.locator('select[name=language]').count(), 0, 'one language needs no selector');
  check((await page.title()).includes('Harbour Pass'), `the product's name in ${await page.title()}`);
  check(await page.$eval('img[src*="/appearance/"]', (image) => image.naturalWidth === 1), 'the picture is there');
  await page.emulateMedia({ colorScheme: 'light' });
  const colour = await page.$eval('button.primary', (button) => getComputedStyle(button).backgroundColor);
  same(colour, 'rgb(15, 118, 110)', 'the colour of the button');
  await send(page, 'username', 'carol');
  await send(page, 'password', world.passwords.carol);
  await at('dressed-w1');
  same((await page.textContent('[name=add_authenticator]')).trim(), 'Get my key', 'words in place of ours');
}
